package upload

import "fmt"

// SameRefusals is how many refusals in a row with the same answer stop a
// run: the fault is then not in the resources. Who left is locked out all the
// same.
const SameRefusals = 10

// Refused is a run that was stopped because the service gave the same
// refusal again and again.
type Refused struct {
	Times int
	Last  *Refusal
}

func (e *Refused) Error() string {
	return fmt.Sprintf("stopped after %d refusals alike: %v", e.Times, e.Last)
}

func (e *Refused) Unwrap() error { return e.Last }
