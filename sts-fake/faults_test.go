package stsfake_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const whoAmI = "Action=GetCallerIdentity&Version=2011-06-15"

// faulty is a world whose server has these faults.
func faulty(t *testing.T, faults ...stsfake.Fault) (*world, *stsfake.Faults) {
	t.Helper()
	w, f := newWorld(t), &stsfake.Faults{}
	w.server = stsfake.New(stsfake.Options{Gate: w.gate, Faults: f})
	for _, fault := range faults {
		if err := f.FailNext(fault); err != nil {
			t.Fatal(err)
		}
	}
	return w, f
}

// TestFaultAnswers has the answers of faults: [R] Throttling, ExpiredToken and InvalidClientTokenId as recorded
// (spec/sts.md section 2.2), [D] the others.
func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault         stsfake.Fault
		status        int
		code, message string
	}{
		{stsfake.Fault{Code: "Throttling"}, 400, "Throttling", "Rate exceeded"}, // [R]
		{stsfake.Fault{Code: "ThrottlingException"}, 400, "ThrottlingException", "The request was denied due to request throttling."},
		{stsfake.Fault{Code: "ServiceUnavailable"}, 503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."},
		{stsfake.Fault{Status: 503}, 503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."},
		{stsfake.Fault{Status: 500}, 500, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure."},
		{stsfake.Fault{Code: "ExpiredToken"}, 403, "ExpiredToken", "The security token included in the request is expired"},                       // [R]
		{stsfake.Fault{Code: "InvalidClientTokenId"}, 403, "InvalidClientTokenId", "The security token included in the request is invalid."},      // [R]
		{stsfake.Fault{Code: "Throttling", Status: 503, Message: "Slow down"}, 503, "Throttling", "Slow down"},                                    // all of it given
		{stsfake.Fault{Code: "Teapot", Status: 418, Message: "<short & stout>"}, 418, "Teapot", "<short & stout>"},                                // an error of one's own
		{stsfake.Fault{Code: "AccessDenied", Status: 403}, 403, "AccessDenied", ""},                                                               // without a text
		{stsfake.Fault{Operation: "GetCallerIdentity", Code: "Throttling", Delay: time.Nanosecond, Times: 1}, 400, "Throttling", "Rate exceeded"}, // late
	} {
		for _, accept := range []string{"", "application/json"} {
			w, f := faulty(t, tc.fault)
			rec := w.do(t, try{form: whoAmI, accept: accept})
			if rec.Code != tc.status {
				t.Errorf("%+v: status %d, want %d", tc.fault, rec.Code, tc.status)
			}
			wantType := "Sender"
			if tc.status >= 500 {
				wantType = "Receiver"
			}
			for _, part := range []string{wantType, tc.code} {
				if !strings.Contains(rec.Body.String(), part) {
					t.Errorf("%+v: no %s in %s", tc.fault, part, rec.Body)
				}
			}
			call := w.lastCall(t)
			want := stsfake.Call{Status: tc.status, Code: tc.code, Message: tc.message, Reason: stsfake.FaultReason, AccessKeyID: trurl(t).AccessKeyID}
			got := stsfake.Call{Status: call.Status, Code: call.Code, Message: call.Message, Reason: call.Reason, AccessKeyID: call.AccessKeyID, Principal: call.Principal}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v: record (-want +got):\n%s", tc.fault, diff)
			}
			if left := f.Pending(); len(left) != 0 {
				t.Errorf("%+v is still pending: %v", tc.fault, left)
			}
			if rec := w.do(t, try{form: whoAmI}); rec.Code != http.StatusOK || w.lastCall(t).Reason != "" {
				t.Errorf("the next call: %d, %+v", rec.Code, w.lastCall(t))
			}
		}
	}
}

func TestFailNextRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault stsfake.Fault
		want  string
	}{
		{stsfake.Fault{Operation: "GetCalerIdentity", Code: "Throttling"}, `fault: STS has no operation "GetCalerIdentity": did you mean "GetCallerIdentity"?`},
		{stsfake.Fault{Operation: "assumerolewithwebidentity", Code: "Throttling"}, `fault: STS has no operation "assumerolewithwebidentity": did you mean "AssumeRoleWithWebIdentity"?`},
		{stsfake.Fault{Operation: "AsumeRole", Drop: true}, `fault: STS has no operation "AsumeRole": did you mean "AssumeRole"?`},
		{stsfake.Fault{Operation: "DescribeCluster", Drop: true}, `fault: STS has no operation "DescribeCluster": it has AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage, GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetSessionToken, GetWebIdentityToken`},
		{stsfake.Fault{Operation: "X", Drop: true}, `fault: STS has no operation "X": it has …`},
		{stsfake.Fault{Times: -1, Code: "Throttling"}, "fault: -1 times: give a positive number of calls"},
		{stsfake.Fault{Delay: -time.Second}, "fault: a delay of -1s: give a positive one"},
		{stsfake.Fault{}, "fault: it does nothing: give it a code or status, a delay or drop"},
		{stsfake.Fault{Times: 3, Operation: "AssumeRole"}, "fault: it does nothing: …"},
		{stsfake.Fault{Drop: true, Code: "Throttling"}, "fault: a dropped connection carries no answer: give either drop, or status, code and message"},
		{stsfake.Fault{Status: 200, Code: "Throttling"}, "fault: status 200 is no error: give one from 400 to 599"},
		{stsfake.Fault{Status: 302}, "fault: status 302 is no error: …"},
		{stsfake.Fault{Status: -1}, "fault: status -1 is no error: …"},
		{stsfake.Fault{Status: 600, Code: "X"}, "fault: status 600 is no error: …"},
		{stsfake.Fault{Status: 403}, "fault: an error without a code: give one, such as Throttling"},
		{stsfake.Fault{Message: "no"}, "fault: an error without a code: …"},
		{stsfake.Fault{Code: "Teapot"}, `fault: code "Teapot" has no usual status: give one, from 400 to 599`},
	} {
		var f stsfake.Faults
		err := f.FailNext(tc.fault)
		start, cut := strings.CutSuffix(tc.want, "…")
		if err == nil || !cut && err.Error() != tc.want || cut && !strings.HasPrefix(err.Error(), start) {
			t.Errorf("%+v: %v, want %s", tc.fault, err, tc.want)
		}
		if left := f.Pending(); len(left) != 0 {
			t.Errorf("%+v was queued all the same: %v", tc.fault, left)
		}
	}
}

// TestFaultsMeetTheirOperation has calls of two operations meet the faults of each, oldest first.
func TestFaultsMeetTheirOperation(t *testing.T) {
	t.Parallel()
	w, f := faulty(t,
		stsfake.Fault{Operation: "AssumeRole", Code: "Throttling"},
		stsfake.Fault{Operation: "GetCallerIdentity", Code: "ServiceUnavailable", Times: 2},
		stsfake.Fault{Code: "InternalFailure"},
	)
	assume := "Action=AssumeRole&Version=2011-06-15&RoleSessionName=session&RoleArn=" + devARN
	for i, step := range []struct {
		form string
		want int
	}{
		{whoAmI, 503}, {whoAmI, 503}, {assume, 400}, {assume, 500}, {assume, 200}, {whoAmI, 200},
	} {
		if i == 1 {
			want := []stsfake.Fault{
				{Operation: "AssumeRole", Code: "Throttling", Status: 400, Message: "Rate exceeded", Times: 1},
				{Operation: "GetCallerIdentity", Code: "ServiceUnavailable", Status: 503, Message: "The request has failed due to a temporary failure of the server.", Times: 1},
				{Code: "InternalFailure", Status: 500, Message: "The request processing has failed because of an unknown error, exception or failure.", Times: 1},
			}
			if diff := cmp.Diff(want, f.Pending()); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
		}
		if rec := w.do(t, try{form: step.form}); rec.Code != step.want {
			t.Errorf("call %d: %d %s, want %d", i, rec.Code, rec.Body, step.want)
		}
	}
}

func TestClearFaults(t *testing.T) {
	t.Parallel()
	w, f := faulty(t, stsfake.Fault{Drop: true, Times: 5}, stsfake.Fault{Code: "Throttling"})
	if n := f.Clear(); n != 2 {
		t.Errorf("%d forgotten", n)
	}
	if rec := w.do(t, try{form: whoAmI}); rec.Code != http.StatusOK || f.Clear() != 0 {
		t.Errorf("status %d", rec.Code)
	}
}

// TestForgetFaults: one's own go, others' stay.
func TestForgetFaults(t *testing.T) {
	t.Parallel()
	w, f := faulty(t, stsfake.Fault{Drop: true, Times: 5, ID: "a"}, stsfake.Fault{Code: "Throttling"}, stsfake.Fault{Code: "Throttling", ID: "a"})
	for id, want := range map[string]int{"": 0, "b": 0, "a": 6} {
		if n := f.Forget(id); n != want {
			t.Errorf("%q: %d calls, want %d", id, n, want)
		}
	}
	if rec := w.do(t, try{form: whoAmI}); rec.Code != http.StatusBadRequest || len(f.Pending()) != 0 {
		t.Errorf("status %d, pending %v", rec.Code, f.Pending())
	}
}

// TestFaultsComeBeforeTheSignature: whoever calls meets the fault, also with a presigned or a wrong request. The order
// is [X]: ours.
func TestFaultsComeBeforeTheSignature(t *testing.T) {
	t.Parallel()
	w, _ := faulty(t, stsfake.Fault{Operation: "GetCallerIdentity", Code: "Throttling", Times: 3})
	for _, c := range []try{
		{method: http.MethodGet, query: whoAmI, presign: true},
		{form: whoAmI, skew: time.Hour},
		{form: whoAmI, unsigned: true},
	} {
		if rec := w.do(t, c); rec.Code != http.StatusBadRequest || w.lastCall(t).Code != "Throttling" {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
}

func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	w, _ := faulty(t, stsfake.Fault{Drop: true})
	server := httptest.NewServer(w.server)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(whoAmI))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := server.Client().Do(r)
	if err == nil {
		t.Errorf("an answer: %s", resp.Status)
	}
	if call := w.lastCall(t); call.Status != 0 || call.Reason != stsfake.FaultReason || call.Operation != "GetCallerIdentity" {
		t.Errorf("record %+v", call)
	}
}

// TestDelay runs with a clock that jumps when everybody waits.
func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := faulty(t, stsfake.Fault{Delay: 10 * time.Second}, stsfake.Fault{Delay: time.Minute, Code: "Throttling"})
		for _, want := range []struct {
			status int
			after  time.Duration
		}{{200, 10 * time.Second}, {400, time.Minute}, {200, 0}} {
			start := time.Now()
			rec := w.do(t, try{form: whoAmI})
			if took := time.Since(start); rec.Code != want.status || took != want.after {
				t.Errorf("%d after %s, want %d after %s", rec.Code, took, want.status, want.after)
			}
			if wantReason := want.after > 0; wantReason != (w.lastCall(t).Reason == stsfake.FaultReason) {
				t.Errorf("record %+v", w.lastCall(t))
			}
		}
	})
}

// TestDelayEndsWithTheClient: nobody waits for an answer any more.
func TestDelayEndsWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _ := faulty(t, stsfake.Fault{Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) || time.Since(start) != time.Second {
				t.Errorf("%v after %s", err, time.Since(start))
			}
			if call := w.lastCall(t); call.Status != 0 {
				t.Errorf("record %+v", call)
			}
		}()
		w.server.ServeHTTP(httptest.NewRecorder(), w.request(t, try{form: whoAmI}).WithContext(ctx))
	})
}

// TestFaultsAreUsedUpOnce has many callers at a time meet exactly as many faults as there are.
func TestFaultsAreUsedUpOnce(t *testing.T) {
	t.Parallel()
	w, f := faulty(t, stsfake.Fault{Code: "Throttling", Times: 20})
	var throttled atomic.Int32
	var calls sync.WaitGroup
	for range 50 {
		r := w.request(t, try{form: whoAmI})
		calls.Go(func() {
			rec := httptest.NewRecorder()
			w.server.ServeHTTP(rec, r)
			if rec.Code == http.StatusBadRequest {
				throttled.Add(1)
			}
		})
	}
	calls.Wait()
	if throttled.Load() != 20 || len(f.Pending()) != 0 {
		t.Errorf("%d of 50 calls were throttled, want 20; pending %v", throttled.Load(), f.Pending())
	}
}

// A handler of one's own whose next calls are throttled; package stsfaketest does this with less.
func ExampleFaults_FailNext() {
	store, err := iam.NewStore(iam.Options{Now: time.Now})
	if err != nil {
		panic(err)
	}
	faults := &stsfake.Faults{}
	handler := stsfake.New(stsfake.Options{Gate: &stsfake.Gate{Store: store, Now: time.Now}, Faults: faults})

	fmt.Println(faults.FailNext(stsfake.Fault{Operation: "GetCallerIdentity", Code: "Throttling", Times: 2}))
	fmt.Println(faults.FailNext(stsfake.Fault{Operation: "GetCalerIdentity", Code: "Throttling"}))
	for range 3 {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/?Action=GetCallerIdentity&Version=2011-06-15", nil))
		fmt.Println(answer.Code)
	}
	// Output:
	// <nil>
	// fault: STS has no operation "GetCalerIdentity": did you mean "GetCallerIdentity"?
	// 400
	// 400
	// 403
}
