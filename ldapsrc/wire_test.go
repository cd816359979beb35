package ldapsrc

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

func TestStreamFramesMessagesHoweverTheyArrive(t *testing.T) {
	var sent [][]byte
	for _, size := range []int{0, 1, 100, 127, 128, 300, 70000, 5 << 20, 2} {
		sent = append(sent, encodeEntry("cn=a", attribute("cn", strings.Repeat("x", size))))
	}
	all := bytes.Join(sent, nil)
	for name, reader := range map[string]io.Reader{
		"whole":          bytes.NewReader(all),
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(all)),
		"in halves":      iotest.HalfReader(bytes.NewReader(all)),
		"with the error": iotest.DataErrReader(bytes.NewReader(all)),
	} {
		t.Run(name, func(t *testing.T) {
			s := stream{conn: reader, limit: maxMessage}
			for i, want := range sent {
				got, err := s.message()
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("message %d: %d bytes, want %d, %v", i, len(got), len(want), err)
				}
			}
			if _, err := s.message(); !errors.Is(err, io.EOF) {
				t.Errorf("after the last: %v", err)
			}
			if len(s.buf) > bufferKeep {
				t.Errorf("%d bytes are kept for ever", len(s.buf))
			}
		})
	}
}

func TestStreamThatEndsInsideAMessage(t *testing.T) {
	whole := encodeEntry("cn=a", attribute("cn", "a"))
	for n := 1; n < len(whole); n++ {
		s := stream{conn: bytes.NewReader(whole[:n]), limit: maxMessage}
		if _, err := s.message(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

func TestStreamRefusesAMessageOverItsLimit(t *testing.T) {
	s := stream{conn: bytes.NewReader(encodeEntry("cn=a", attribute("cn", strings.Repeat("x", 1000)))), limit: 500}
	if _, err := s.message(); err == nil || !strings.Contains(err.Error(), "the limit is 500") {
		t.Errorf("got %v", err)
	}
}

// What is not an answer to a search of ours reaches go-ldap byte for byte, and
// only while go-ldap waits for an answer.
func TestWireLeavesTheRestToTheLibrary(t *testing.T) {
	near, far := net.Pipe()
	w := newWire(near)
	defer w.Close()
	request := envelope(7, ldap.ApplicationExtendedRequest)
	answers := [][]byte{envelope(7, ldap.ApplicationIntermediateResponse), envelope(7, ldap.ApplicationExtendedResponse)}
	go func() {
		got := make([]byte, len(request))
		io.ReadFull(far, got)
		for _, a := range answers {
			far.Write(a)
		}
	}()
	if !w.idle() {
		t.Error("not idle before the request")
	}
	if _, err := w.Write(request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(answers[0])+len(answers[1]))
	if _, err := io.ReadFull(iotest.OneByteReader(w), got); err != nil || !bytes.Equal(got, bytes.Join(answers, nil)) {
		t.Errorf("got % x, %v", got, err)
	}
	if !w.idle() {
		t.Error("not idle after the answer")
	}
	ended := make(chan error)
	go func() {
		_, err := w.Read(got)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Errorf("a read without a request ended: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	w.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func envelope(id int64, op ber.Tag) []byte {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, ""))
	return p.Bytes()
}

// FuzzResult: a result that we understand, go-ldap understands in the same way.
func FuzzResult(f *testing.F) {
	f.Add([]byte{tagSequence, 12, tagInteger, 1, 1, opSearchResultDone, 7, tagEnumerated, 1, 4, tagOctetString, 0, tagOctetString, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMessage(b)
		if err != nil || m.op != opSearchResultDone {
			return
		}
		pagingCookie(m.controls)
		r, err := parseResult(m.body)
		if err != nil || r.code == 0 {
			return
		}
		packet, err := ber.DecodePacketErr(b)
		if err != nil {
			t.Fatalf("go-ldap does not decode it: %v", err)
		}
		if !ldap.IsErrorWithCode(ldap.GetLDAPError(packet), uint16(r.code)) {
			t.Errorf("result %d, go-ldap has %v", r.code, ldap.GetLDAPError(packet))
		}
	})
}
