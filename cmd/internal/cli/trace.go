package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/trace"
)

// followWait is how long one request for new events waits on the server, in seconds below the server's limit.
const followWait = 20 * time.Second

func newTraceCommand(app *App) *cobra.Command {
	var follow bool
	command := &cobra.Command{
		Use:   "trace",
		Short: "Show what every hop did, event by event",
		Args:  cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new events until interrupted")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		write := writeEventText
		if output.json() {
			write = writeEventJSON
		}
		if !follow {
			events, err := app.events(cmd.Context(), name)
			return errors.Join(err, writeEvents(app.Out, events, write))
		}
		client, err := name.attach(cmd.Context())
		if err != nil {
			return err
		}
		return app.followTrace(cmd.Context(), client, write)
	}
	return command
}

func writeEvents(w io.Writer, events []trace.Event, write func(io.Writer, trace.Event) error) error {
	for _, event := range events {
		if err := write(w, event); err != nil {
			return err
		}
	}
	return nil
}

func (app *App) followTrace(ctx context.Context, client *emulator.Client, write func(io.Writer, trace.Event) error) error {
	var last uint64
	wait := time.Duration(0)
	for {
		events, err := client.Events(ctx, last, wait)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // interrupted is how following ends
		}
		if err != nil {
			return exitWith(ExitStart, err)
		}
		if err := writeEvents(app.Out, events, write); err != nil {
			return err
		}
		if len(events) > 0 {
			last = events[len(events)-1].Seq
		}
		wait = followWait
	}
}

func writeEventJSON(w io.Writer, e trace.Event) error { return json.NewEncoder(w).Encode(e) }

// writeEventText writes an event as one line: number, time, token, hop and what it did.
func writeEventText(w io.Writer, e trace.Event) error {
	text := strings.Join(strings.Fields(printable(eventText(e))), " ")
	_, err := fmt.Fprintf(w, "%5d %s %-16s %-11s %s\n", e.Seq, e.Time.Format("15:04:05.000"), or(e.Token, "-"), e.Kind, text)
	return err
}

func eventText(e trace.Event) string {
	switch {
	case e.AWS != nil:
		who := or(e.AWS.Principal, e.AWS.AccessKeyID)
		if e.AWS.Status == 0 {
			return fmt.Sprintf("%s:%s no answer %s %s", e.AWS.Service, e.AWS.Operation, who, e.AWS.Reason)
		}
		return fmt.Sprintf("%s:%s %d %s %s %s", e.AWS.Service, e.AWS.Operation, e.AWS.Status, who, e.AWS.Code, why(e.AWS.Message, e.AWS.Reason))
	case e.TokenReview != nil && e.TokenReview.Authenticated:
		return fmt.Sprintf("%d authenticated as %s %q", e.TokenReview.Status, e.TokenReview.Username, e.TokenReview.Groups)
	case e.TokenReview != nil && e.TokenReview.Status == 0:
		return "no answer: " + e.TokenReview.Error
	case e.TokenReview != nil:
		return fmt.Sprintf("%d refused: %s", e.TokenReview.Status, or(e.TokenReview.Authenticator, e.TokenReview.Error))
	case e.Log != nil:
		return fmt.Sprintf("%s %s %s", e.Log.Level, e.Log.Message, or(e.Log.Fields["error"], e.Log.Fields["arn"]))
	case e.PolicyReview != nil:
		return reviewText(e.PolicyReview)
	case e.Request != nil:
		return requestText(e.Request)
	case e.Process != nil:
		return fmt.Sprintf("%s %s pid %d %s", e.Process.Name, e.Process.State, e.Process.PID, e.Process.Error)
	default:
		return ""
	}
}

func requestText(r *trace.Request) string {
	text := fmt.Sprintf("%d %s %s as %s", r.Code, r.Verb, r.URI, or(r.Username, "nobody"))
	if r.Review != nil {
		text += fmt.Sprintf(": can %s %s: %t %s", r.Review.Verb, r.Review.Resource, r.Review.Allowed, r.Review.Reason)
	}
	return text
}

// why is what the caller was told, with what decided it in parentheses: AWS does not tell that.
func why(message, reason string) string {
	if message == "" || reason == "" || message == reason {
		return or(message, reason)
	}
	return message + " (" + reason + ")"
}

func or(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// reviewText is what the access policies of a principal said to a question.
func reviewText(r *trace.PolicyReview) string {
	resource := r.Resource
	if r.Group != "" {
		resource += "." + r.Group
	}
	text := fmt.Sprintf("may %s %s%s", r.Verb, resource, r.Path)
	if r.Namespace != "" {
		text += " in " + r.Namespace
	}
	if r.Allowed {
		return text + ": yes " + r.Reason
	}
	return fmt.Sprintf("%s: no opinion of %s", text, strings.Join(r.Policies, ", "))
}
