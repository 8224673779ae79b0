package authn

import "sync"

// The authenticator names the client of every line that it logs about a review: the local address of the
// connection that the review came on. An HTTP/1.1 connection carries one review after the other, but a line may
// be read from the child's output after the answer, when the next review is already on its way. So each
// connection has a queue of reviews: a line belongs to the oldest, until that one's last line has come, or it is
// known that none will.

const (
	// maxClients is how many client addresses are remembered; more than there can be connections.
	maxClients = 4 * maxConnections
	// maxQueue is how many reviews of one connection may wait for their lines.
	maxQueue = 64
)

// review is a TokenReview on its way through the recorder.
type review struct {
	fingerprint string
	denied      chan string // gets the error of the "access denied" line; capacity 1

	// Under correlator.mu.
	answered bool // the authenticator answered or failed to
	logged   bool // its last line has come, or is not waited for any more
}

func newReview(fingerprint string) *review {
	return &review{fingerprint: fingerprint, denied: make(chan string, 1)}
}

// correlator knows which review a line is about. It is safe for concurrent use; make one with newCorrelator.
type correlator struct {
	mu      sync.Mutex
	clients map[string][]*review // by client address, oldest first
}

func newCorrelator() *correlator {
	return &correlator{clients: make(map[string][]*review)}
}

// begin puts a review on a connection. A new connection forgets what an earlier one at its address left behind.
func (c *correlator) begin(client string, reused bool, r *review) {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue := c.clients[client]
	if !reused {
		queue = nil
	}
	if len(queue) >= maxQueue {
		queue = queue[1:]
	}
	c.clients[client] = append(queue, r)
	if len(c.clients) > maxClients {
		c.forgetAnswered()
	}
}

// forgetAnswered makes room: it drops the connections without a review in flight.
func (c *correlator) forgetAnswered() {
	for client, queue := range c.clients {
		if queue[len(queue)-1].answered {
			delete(c.clients, client)
		}
	}
}

// end says that a review is not in flight any more. Its lines may still come.
func (c *correlator) end(r *review) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.answered = true
}

// giveUp says that a review has no last line, or that it was waited for in vain: without this, every later review
// on the connection would get the lines of the one before it.
func (c *correlator) giveUp(r *review) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.logged = true
}

// attribute returns the review that a line from client is about, nil if it is about none. "access granted" and
// "access denied" end a review; what follows on the connection belongs to the next one, if there is one, and
// otherwise still to the same ("could not write response").
func (c *correlator) attribute(client, message string) *review {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue := c.clients[client]
	if len(queue) == 0 {
		return nil
	}
	for queue[0].logged && len(queue) > 1 {
		queue = queue[1:]
	}
	c.clients[client] = queue
	if message == messageGranted || message == messageDenied {
		queue[0].logged = true
	}
	return queue[0]
}
