// The service that a user would write in Go: POST /fetch of a list of URLs, answered with a list of results.
//
// usage: go_service PORT    (SSL_CERT_FILE in the environment names trusted certificates)
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const defaultMaxConcurrent = 5

type list struct {
	URLs          []string `json:"urls"`
	MaxConcurrent int      `json:"max_concurrent"`
}

type result struct {
	URL     string  `json:"url"`
	Status  int     `json:"status"`
	Size    int     `json:"size"`
	Elapsed float64 `json:"elapsed"`
	Error   string  `json:"error,omitempty"`
}

var client = &http.Client{
	Timeout: 30 * time.Second,
	Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConns:        0, // no limit
		MaxIdleConnsPerHost: 4096,
		IdleConnTimeout:     60 * time.Second,
		TLSClientConfig:     &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4096)},
	},
}

// parse takes an array of URLs, or an object with options.
func parse(r io.Reader) (list, error) {
	var posted list
	body, err := io.ReadAll(r)
	if err != nil {
		return posted, err
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		err = json.Unmarshal(body, &posted.URLs)
	} else {
		err = json.Unmarshal(body, &posted)
	}
	if posted.MaxConcurrent <= 0 {
		posted.MaxConcurrent = defaultMaxConcurrent
	}
	if posted.MaxConcurrent > len(posted.URLs) {
		posted.MaxConcurrent = len(posted.URLs)
	}
	return posted, err
}

func get(ctx context.Context, url string) (status, size int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, len(body), err
}

func fetch(ctx context.Context, url string) result {
	start := time.Now()
	r := result{URL: url}
	var err error
	if r.Status, r.Size, err = get(ctx, url); err != nil {
		r.Status = 0
		r.Error = err.Error()
	}
	r.Elapsed = time.Since(start).Seconds()
	return r
}

// fetchAll stops early when the client goes away.
func fetchAll(ctx context.Context, posted list) []result {
	results := make([]result, len(posted.URLs))
	var next int64 = -1
	var workers sync.WaitGroup
	for n := 0; n < posted.MaxConcurrent; n++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for ctx.Err() == nil {
				i := int(atomic.AddInt64(&next, 1))
				if i >= len(results) {
					return
				}
				results[i] = fetch(ctx, posted.URLs[i])
			}
		}()
	}
	workers.Wait()
	return results
}

func handle(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	posted, err := parse(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(fetchAll(r.Context(), posted)); err != nil {
		log.Print(err)
	}
}

func main() {
	http.HandleFunc("/fetch", handle)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
