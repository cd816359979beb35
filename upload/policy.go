package upload

// Policy is what happens to the resources of people and groups that leave.
type Policy struct {
	UserDisabled Action // the account is disabled or expired
	UserGone     Action // the entry left the directory or the scope
	GroupGone    Action // Keep or Remove
	Adopt        bool   // take over unowned resources of the same name
}

// Action is one of Keep, Off and Remove; its text is the configuration's.
type Action string

const (
	Keep   Action = "keep"
	Off    Action = "deactivate"
	Remove Action = "delete"
)

// DefaultPolicy is the policy of a configuration that sets none.
func DefaultPolicy() Policy {
	return Policy{UserDisabled: Off, UserGone: Off, GroupGone: Remove, Adopt: true}
}
