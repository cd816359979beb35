package scim

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"adsync/upload"
)

// putMembers writes a group whole, with some members more or fewer. It
// starts from the group as it is now, and begins anew when somebody else
// writes it at the same time.
func (t *Target) putMembers(ctx context.Context, w *upload.Write, ids []string) error {
	endpoint, err := t.endpoint(upload.Group)
	if err != nil {
		return err
	}
	group := w.Before.ID
	for try := 1; ; try++ {
		doc, version, err := t.document(ctx, upload.Group, group)
		if err != nil {
			return err
		}
		if err := t.withMembers(ctx, doc, w.Before); err != nil {
			return err
		}
		changeMembers(doc, w, ids)
		forPut(doc)
		q := call{method: http.MethodPut, path: endpoint + "/" + url.PathEscape(group), body: doc.append(nil), match: version, again: true, doing: "change the members of a group"}
		if err = t.putOrReplace(ctx, q, doc); isStatus(err, http.StatusPreconditionFailed) && try < rereads {
			continue
		}
		if err != nil {
			return err
		}
		there, known, err := t.eventuallyThere(ctx, group, ids, func(there []string) bool {
			return w.Op == upload.OpAddMembers && len(there) == len(ids) || w.Op != upload.OpAddMembers && len(there) == 0
		})
		if want := w.Op == upload.OpAddMembers; err == nil && known && (want && len(there) < len(ids) || !want && len(there) > 0) {
			return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and the members are as before"}
		}
		return err
	}
}

// putOrReplace sends a group whole or, where PUT is refused, a PATCH that
// replaces its members.
func (t *Target) putOrReplace(ctx context.Context, q call, doc *value) error {
	var refused error
	if !t.learned.byReplace.Load() {
		_, err := t.client.do(ctx, q)
		if !descends(err) && !isStatus(err, http.StatusNotFound) {
			return err
		}
		refused = err
	}
	q.body = appendPatch(nil, []operation{{"replace", "members", *doc.member("members")}})
	q.method = http.MethodPatch
	_, err := t.client.do(ctx, q)
	switch {
	case err == nil:
		t.learned.byReplace.Store(true)
	case refused != nil && isRefusal(err):
		return refused
	}
	return err
}

// withMembers adds the members to a group's document where the service shows
// them only when asked, or only with the users. A group that is shown without
// members is taken for an empty one only where its members are known: a list
// that is merely hidden would be lost.
func (t *Target) withMembers(ctx context.Context, doc *value, before *upload.Resource) error {
	shown := doc.find("members").elements()
	if !doc.find("members").absent() && !t.isCut(len(shown)) {
		return nil
	}
	members, known, err := t.readMembers(ctx, before.ID)
	if err != nil {
		return err
	}
	if !known && !(before.MembersKnown && len(before.Members) == 0) {
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service does not show the group's members, so that the group cannot be written whole"}
	}
	if len(members) > 0 {
		var there []string
		for _, e := range shown {
			there = append(there, referred(&e))
		}
		list := doc.within("members", listValue)
		list.list = append(list.list, references(butFor(members, there)).list...)
	}
	return nil
}

// changeMembers changes the members of a group's document.
func changeMembers(doc *value, w *upload.Write, ids []string) {
	members := doc.within("members", listValue)
	changed := setOf(ids)
	members.list = slices.DeleteFunc(members.list, func(e value) bool { return changed[referred(&e)] })
	if w.Op == upload.OpAddMembers {
		members.list = append(members.list, references(ids).list...)
	}
}

// nameMembers gives members that are shown by $ref alone their value, without
// which they may not be known when they are written back.
func nameMembers(doc *value) {
	if doc.find("members").absent() {
		return
	}
	members := doc.within("members", listValue)
	for i := range members.list {
		e := &members.list[i]
		if id := referred(e); e.kind == objectValue && e.find("value").absent() && id != "" {
			e.put("value", textOf(id))
		}
	}
}

// referred is the id that an element of members in a document stands for.
func referred(element *value) string {
	if id := element.find("value"); !id.absent() {
		return id.String()
	}
	return lastSegment(element.find("$ref").String())
}
