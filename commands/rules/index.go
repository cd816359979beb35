package rules

import (
	"hash/maphash"
	"slices"
	"strings"
)

// A holder is one entry and the roles in which it has a value: source, kind,
// place in the snapshot and roles in one word.
type holder uint64

func holderOf(source int, group bool, number int) holder {
	h := holder(source)<<56 | holder(number)<<16
	if group {
		h |= 1 << 55
	}
	return h
}

func (h holder) source() int        { return int(h >> 56) }
func (h holder) isGroup() bool      { return h&(1<<55) != 0 }
func (h holder) number() int        { return int(h>>16) & (1<<39 - 1) }
func (h holder) used() role         { return role(h) }
func (h holder) as(r role) holder   { return h | holder(r) }
func (h holder) entry() holder      { return h &^ 0xFFFF }
func (h holder) same(o holder) bool { return h.entry() == o.entry() }

// An index knows who has which value that must be unique, by hash. The value
// itself is looked up again where a hash has met twice.
type index struct {
	seed maphash.Seed
	one  map[uint64]holder // nil in a part of a check, which only notes what it has seen
	many map[uint64][]holder
	seen []seen
	buf  []byte
}

// seen is the hash of a key and who has it.
type seen struct {
	sum uint64
	at  holder
}

// grow makes room for the keys of that many users.
func (x *index) grow(users int) {
	if len(x.one) == 0 && users > 1000 {
		x.one = make(map[uint64]holder, users*2)
	}
}

// reserve makes room for so many keys that are seen.
func (x *index) reserve(keys int) {
	if cap(x.seen)-len(x.seen) < keys {
		x.seen = slices.Grow(x.seen, max(keys, len(x.seen)))
	}
}

func (x *index) hash(key []byte) uint64 { return maphash.Bytes(x.seed, key) }

// add notes that an entry has a key in a role.
func (x *index) add(key []byte, h holder) {
	if sum := x.hash(key); x.one == nil {
		x.seen = append(x.seen, seen{sum, h})
	} else {
		x.put(sum, h)
	}
}

func (x *index) put(sum uint64, h holder) {
	old, ok := x.one[sum]
	switch {
	case !ok:
		x.one[sum] = h
		return
	case old.same(h):
		x.one[sum] = old | h
		if len(x.many) == 0 {
			return
		}
	}
	list, met := x.many[sum]
	for i := range list {
		if list[i].same(h) {
			list[i] |= h
			return
		}
	}
	if !met {
		if old.same(h) {
			return
		}
		list = append(list, old)
	}
	x.many[sum] = append(list, h)
}

// holders are those who may have a key: their hash is the same.
func (x *index) holders(key []byte) []holder {
	sum := x.hash(key)
	if list, ok := x.many[sum]; ok {
		return list
	}
	if h, ok := x.one[sum]; ok {
		return []holder{h}
	}
	return nil
}

// The first byte of keys that are no addresses, so that they meet only their
// own kind.
const (
	keyAlias      = 1
	keyGroupName  = 2
	keyNormalized = 3
	keyTyped      = 4 // proxy addresses that are no e-mail
)

// appendFolded appends a value cleaned, NFC and in lower case. A domain is
// taken as A-labels.
func appendFolded(b []byte, v string) []byte {
	start := len(b)
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c <= ' ' || c >= 0x7F {
			return appendFoldedText(b[:start], v)
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// sameKey reports whether two values are one as keys go.
func sameKey(a, b string) bool {
	if a == b {
		return true
	}
	if printable(a) && printable(b) {
		return strings.EqualFold(trimmed(a), trimmed(b))
	}
	return string(appendFolded(nil, a)) == string(appendFolded(nil, b))
}

func appendFoldedText(b []byte, v string) []byte {
	local, domain, isAddress := cutLast(v, '@')
	if !isAddress {
		return append(b, strings.ToLower(nfc(trimmed(stripped(v))))...)
	}
	b = append(b, strings.ToLower(nfc(bare(local)))...)
	return append(append(b, '@'), foldDomain(bare(domain))...)
}

func cutLast(v string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(v, sep)
	if i < 0 {
		return v, "", false
	}
	return v[:i], v[i+1:], true
}

// A keyed value is one that must be unique, and the key that says so.
type keyed struct {
	key   []byte
	used  role
	field int
	value string
}

// keys visits the keys of an evaluated entry. The key is valid during the
// call only.
func (c *Checker) keys(p *plan, e *evaluation, visit func(keyed)) {
	for i, used := range e.used {
		if used&(asKey|asGroupName) == 0 {
			continue
		}
		values := e.values[i]
		for n, v := range values {
			if blank(v) {
				continue
			}
			c.index.buf = c.keysOf(c.index.buf, v, used, &p.fields[i], n == 0, func(key []byte, r role) {
				visit(keyed{key, r, i, v})
			})
		}
	}
}

// keysOf visits the keys of one value of a field. The buffer is returned for
// the next call.
func (c *Checker) keysOf(b []byte, v string, used role, f *field, isFirst bool, visit func(key []byte, r role)) []byte {
	b = b[:0]
	if used&asProxy != 0 {
		if strings.EqualFold(f.text, "targetAddress") {
			return b
		}
		if address, _, ok := isSMTP(v); ok {
			if address == "" {
				return b
			}
			b = appendFolded(b, address)
		} else {
			b = appendFolded(append(b, keyTyped), v)
		}
		visit(b, used&(asProxy|asEmail|asLogin))
		return b
	}
	if used&asLogin != 0 && !isFirst {
		used &^= asLogin
	}
	if r := used & (asLogin | asEmail | asUPN); r != 0 {
		b = appendFolded(b, v)
		visit(b, r)
	}
	if used&asLogin != 0 && c.values.profile.rewrites {
		b = append(append(b[:0], keyNormalized), normalized(trimmed(stripped(v)))...)
		visit(b, asLogin)
	}
	if used&asAlias != 0 {
		b = appendFolded(append(b[:0], keyAlias), v)
		visit(b, asAlias)
	}
	if used&asGroupName != 0 && isFirst {
		b = appendFolded(append(b[:0], keyGroupName), v)
		visit(b, asGroupName)
	}
	return b
}
