package scimtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"adsync/upload/scimtest"
)

// BenchmarkCreate posts users over eight connections. Repeat with: go test -run '^$' -bench Create ./upload/scimtest
func BenchmarkCreate(b *testing.B) {
	srv, err := scimtest.Start(scimtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var n atomic.Int64
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			body := fmt.Sprintf(userHead+`"userName":"user%d@example.com","externalId":"corp:%d","displayName":"User %d","active":true,`+
				`"name":{"givenName":"User","familyName":"%d"},"emails":[{"value":"user%d@example.com","type":"work","primary":true}]}`, i, i, i, i, i)
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, srv.URL()+"/Users", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+srv.Token())
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusCreated {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkList walks 100,000 users at 1,000 a page.
func BenchmarkList(b *testing.B) {
	srv, err := scimtest.Start(scimtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	if _, err := srv.Seed(100000); err != nil {
		b.Fatal(err)
	}
	for _, query := range []string{"", "&attributes=userName,externalId,active,name.givenName"} {
		b.Run("users"+query, func(b *testing.B) {
			for b.Loop() {
				for start := 1; start <= 100000; start += 1000 {
					req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s/Users?startIndex=%d&count=1000%s", srv.URL(), start, query), nil)
					if err != nil {
						b.Fatal(err)
					}
					req.Header.Set("Authorization", "Bearer "+srv.Token())
					resp, err := http.DefaultClient.Do(req)
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}
		})
	}
}
