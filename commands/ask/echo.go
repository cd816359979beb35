package ask

import (
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// echo is a terminal that survey writes to, for answers that end in the last
// column. There a terminal keeps the cursor on the line until another letter
// comes, while survey takes it to be on the next one, and on its way back
// wipes out what stands above the question. So the line is ended for it.
//
// Survey echoes each letter by itself, and all else that it writes is longer.
type echo struct {
	*os.File
	width  func() int
	at     int  // how many columns there are on the line, or on all its rows
	typing bool // letters have come
	edited bool // and the cursor was moved: where it is, survey alone knows
}

var sequences = regexp.MustCompile("\x1b(\\[[0-9;?]*[A-Za-z]|[78])")

func (e *echo) Write(b []byte) (int, error) {
	n, err := e.File.Write(b)
	text := sequences.ReplaceAllString(string(b), "")
	switch letters := utf8.RuneCountInString(text); {
	case letters > 1:
		e.at, e.typing, e.edited = columns(text[strings.LastIndexAny(text, "\r\n")+1:]), false, false
	case letters == 0:
		e.edited = e.typing
	case text != "\n" && !e.edited:
		e.typing = true
		if e.at += columns(text); e.at%e.width() == 0 && err == nil {
			_, err = e.File.WriteString("\r\n")
		}
	}
	return n, err
}
