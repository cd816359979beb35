package upload

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// piece is how many small things are done in one go where several go at once.
const piece = 256

// spread calls do for pieces of 0 to n-1, several at once on all processors.
func spread(n, piece int, do func(from, to int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+piece-1)/piece) {
		wait.Go(func() {
			for {
				to := int(next.Add(int64(piece)))
				if to-piece >= n {
					return
				}
				do(to-piece, min(to, n))
			}
		})
	}
	wait.Wait()
}

// InOrder makes n texts, several at once on all processors, and hands them to
// take in their order, many in one piece. appendTo appends the text of i; it
// must bear being called at the same time for different i. The piece is valid
// until take returns. It ends with take's first error.
func InOrder(n int, appendTo func(text []byte, i int) []byte, take func(text []byte) error) error {
	texts := make([][]byte, min(runtime.GOMAXPROCS(0), (n+piece-1)/piece))
	for done := 0; done < n; done += piece * len(texts) {
		spread(min(n-done, piece*len(texts)), piece, func(from, to int) {
			text := texts[from/piece][:0]
			for i := from; i < to; i++ {
				text = appendTo(text, done+i)
			}
			texts[from/piece] = text
		})
		for _, text := range texts[:(min(n-done, piece*len(texts))+piece-1)/piece] {
			if err := take(text); err != nil {
				return err
			}
		}
	}
	return nil
}
