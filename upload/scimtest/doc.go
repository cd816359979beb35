// Package scimtest is a SCIM 2.0 service provider that runs in the process, on loopback.
//
// It keeps users, groups and devices in memory and answers as RFC 7643, RFC 7644 and RFC 9865 say: discovery,
// create, read, replace, PATCH, delete, filters, index and cursor paging, sorting, projections, ETags, bulk and
// .search. What real services do differently is a switch in Quirks, and ForService returns the switches of a
// service by name. What goes wrong on the way (lost answers, throttling, half a body) is a Fault, set while the
// server runs.
//
// StartEntraBulk starts something else: a simulator of Microsoft Entra's bulkUpload, which is no SCIM service.
//
// A test looks at and edits the content directly: Users, Groups, Edit and Delete stand for "somebody else at the
// service". The package is linked into the program for its demo, so it does not import testing and never
// ends the process.
package scimtest
