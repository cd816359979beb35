// Package scim is the client of a SCIM 2.0 service provider (RFC 7643,
// RFC 7644, RFC 9865) as an upload.Target.
//
// What one service does differently from another is a row of the table of
// profiles; what a service says of itself (ServiceProviderConfig,
// ResourceTypes, Schemas) narrows the profile and never widens it; and what
// both say is believed only after it was seen to work: a list is proven by
// its ids, a filter by a known object, a PATCH by reading back. Whatever has
// to be tried again, waited for, split or said in another dialect is done
// here. What is to be written, and in which order, is decided by upload.
package scim
