package scim

import "crypto/rand"

// newPassword is a password that is sent once, with the create that asks for
// one, and kept nowhere: 128 random bits, behind one of each kind of
// character that rules for passwords ask for.
func newPassword() string { return "aA7!" + rand.Text() }
