package commands

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
	"adsync/upload"
	"adsync/upload/scimtest"

	"golang.org/x/net/html"
)

var updateReport = flag.Bool("update-report", false, "rewrite the expected text of the report")

// reported runs the demo's company through a bad week and returns the page
// about it.
func reported(t *testing.T, more func(*company) error) (page string, c *company) {
	t.Helper()
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	c.run(t, ExitPartial, "sync")
	if err := c.edit(c.aQuietWeek, func() error { return more(c) }, func() error {
		return c.directory.Modify(c.nth("Finance", 0), ldaptest.Replace("title", `<script>alert("1")</script> & Co`))
	}); err != nil {
		t.Fatal(err)
	}
	c.scim.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Method: http.MethodPost, Path: "/Users", Status: http.StatusForbidden, Detail: "no licence is left"})
	file := filepath.Join(t.TempDir(), "report.html")
	c.run(t, ExitWithheld, "sync", "--report", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), c
}

// run runs a command and expects its exit code.
func (c *company) run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	at := time.Date(2026, 3, 1, 4, 0, 12, 0, time.UTC)
	env := Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: func() time.Time { return at }}
	if got := execute(context.Background(), append([]string{"adsync", "--config", c.configPath()}, args...), env); got != want {
		t.Fatalf("adsync %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, out.String())
	}
	return out.String()
}

// pageText is what a person reads on a page, a line for each piece.
func pageText(t *testing.T, page string) string {
	t.Helper()
	var b strings.Builder
	hidden := 0
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden++
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden--
			}
		case html.TextToken:
			if text := strings.Join(strings.Fields(string(z.Text())), " "); text != "" && hidden == 0 {
				b.WriteString(html.UnescapeString(text) + "\n")
			}
		}
	}
}

// noneMayLeave makes every removal wait for a person.
func noneMayLeave(c *company) error {
	f, err := os.OpenFile(c.configPath(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("limits: {user_removals: 0}\n")
	return err
}

func TestReportSaysWhatHappened(t *testing.T) {
	page, c := reported(t, noneMayLeave)
	text := inFolder(strings.ReplaceAll(pageText(t, page), c.scim.URL(), "https://scim.example.com/v2"), c.dir, "/etc/adsync")
	text = regexp.MustCompile(`\b[0-9a-f]{16}\b`).ReplaceAllString(text, "DIGEST")
	text = strings.ReplaceAll(text, "adsync "+version(), "adsync VERSION")
	golden := filepath.Join("testdata", "report.txt")
	if *updateReport {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("the page says:\n%s\nwant %s (-update-report rewrites it)", text, golden)
	}
}

// What people wrote into the directory must not become markup, and a page
// that is mailed around must not call home.
func TestReportIsSelfContained(t *testing.T) {
	page, _ := reported(t, noneMayLeave)
	if strings.Contains(page, `<script>alert`) {
		t.Error("a title became markup")
	}
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			for _, a := range token.Attr {
				if (a.Key == "href" && !strings.HasPrefix(a.Val, "#")) || a.Key == "src" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s=%q>", token.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// browser runs Chromium over a page and returns what it prints.
func browser(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("ADSYNC_REQUIRE_SERVERS") == "1" {
			t.Fatal("chromium is missing: apt-get install chromium")
		}
		t.Skip("chromium is missing: apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	var errors bytes.Buffer
	command.Stderr = &errors
	out, err := command.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, errors.String())
	}
	return string(out)
}

func TestReportInABrowser(t *testing.T) {
	page, _ := reported(t, (*company).salesVanishes)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if keep := os.Getenv("ADSYNC_KEEP_REPORT"); keep != "" {
		dir, file = keep, filepath.Join(keep, "report.html")
	}
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	// A window cannot be as narrow as a phone, a frame can.
	phone := filepath.Join(dir, "phone.html")
	if err := os.WriteFile(phone, []byte(`<body style="margin:0"><iframe src="report.html" style="border:0;width:390px;height:2400px"></iframe>`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("a search shows what fits", func(t *testing.T) {
		dom := browser(t, "--dump-dom", "file://"+file+"#q=sommer")
		if !regexp.MustCompile(`<output id="found"[^>]*>1 of \d+</output>`).MatchString(dom) {
			t.Errorf("the search for sommer says %s", regexp.MustCompile(`<output id="found"[^>]*>[^<]*`).FindString(dom))
		}
	})
	for _, test := range []struct {
		name string
		args []string
		page string
		file string
	}{
		{"a screenshot at a desk", []string{"--window-size=1280,2200"}, file, "desk.png"},
		{"a screenshot in the dark", []string{"--window-size=1280,2200", "--blink-settings=preferredColorScheme=0"}, file, "dark.png"},
		{"a screenshot on a phone", []string{"--window-size=600,2400"}, phone, "phone.png"},
	} {
		t.Run(test.name, func(t *testing.T) {
			picture := filepath.Join(dir, test.file)
			browser(t, append(test.args, "--screenshot="+picture, "file://"+test.page)...)
			if info, err := os.Stat(picture); err != nil || info.Size() < 20000 {
				t.Errorf("the picture is not one: %v", err)
			}
		})
	}
	t.Run("a print", func(t *testing.T) {
		pdf := filepath.Join(dir, "report.pdf")
		browser(t, "--print-to-pdf="+pdf, "--no-pdf-header-footer", "file://"+file)
		text, err := os.ReadFile(pdf)
		if err != nil || !bytes.HasPrefix(text, []byte("%PDF-")) {
			t.Fatalf("not a PDF: %v", err)
		}
		if pages := bytes.Count(text, []byte("/Type /Page\n")); pages < 3 {
			t.Errorf("%d pages, want all changes printed", pages)
		}
	})
}

// wide is a measure on the page itself: nothing may be wider than the screen.
const wide = `<script>document.title = document.documentElement.scrollWidth > innerWidth ? "too wide" : "fits"</script>`

func TestTenThousandChangesAreUsable(t *testing.T) {
	doc := record{Target: "https://scim.example.com/v2", Started: time.Unix(0, 0)}
	for i := range 10000 {
		doc.changes = append(doc.changes, upload.Change{
			Verb: upload.Deactivate, Kind: upload.User, Name: fmt.Sprintf("user%05d@example.com", i), State: upload.Applied,
			Reason: "no longer in the directory", DN: fmt.Sprintf("CN=User %d,OU=People,DC=corp,DC=example,DC=com", i),
		})
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := writeReport(file, doc); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("</body>"), []byte(wide+"</body>"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	dom := browser(t, "--dump-dom", "--window-size=1280,900", "file://"+file+"#q="+fmt.Sprintf("user%05d", 9999))
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("10,000 changes took the browser %v", took)
	}
	if !strings.Contains(dom, ">1 of 10,000</output>") || !strings.Contains(dom, "<title>fits</title>") {
		t.Errorf("the page does not find one in 10,000, or is too wide")
	}
}
