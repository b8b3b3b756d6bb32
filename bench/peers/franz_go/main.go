// franz-go as a peer, see bench/README.md: PollFetches in a loop, and one of several decoders, by BENCH_DECODER.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bytedance/sonic"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Event is the whole event as a user writes it down: types, and times as times.
type Event struct {
	EventID    string         `json:"event_id"`
	RequestID  string         `json:"request_id"`
	EventType  string         `json:"event_type"`
	Timestamp  time.Time      `json:"timestamp"`
	UserID     string         `json:"user_id"`
	SessionID  string         `json:"session_id"`
	PageURL    string         `json:"page_url"`
	EventData  map[string]any `json:"event_data"`
	ClientInfo struct {
		UserAgent        string `json:"user_agent"`
		ScreenResolution string `json:"screen_resolution"`
		Language         string `json:"language"`
	} `json:"client_info"`
	ServiceInfo struct {
		ServiceName    string `json:"service_name"`
		ServiceVersion string `json:"service_version"`
		Environment    string `json:"environment"`
	} `json:"service_info"`
	ProcessingInfo struct {
		ReceivedAt   time.Time `json:"received_at"`
		ProcessedAt  time.Time `json:"processed_at"`
		ProcessingMs float64   `json:"processing_ms"`
	} `json:"processing_info"`
}

// Fields are three of them; the rest is skipped.
type Fields struct {
	EventID   string `json:"event_id"`
	EventType string `json:"event_type"`
	UserID    string `json:"user_id"`
}

type report struct {
	handled, rejected, checksum int
	messages, latencyFrom       int
	latencies                   []float64
}

func main() {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("BENCH_BROKERS"), ",")...),
		kgo.ConsumerGroup(os.Getenv("BENCH_GROUP")),
		kgo.ConsumeTopics(os.Getenv("BENCH_TOPIC")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		log.Fatal(err)
	}
	counts := &report{
		messages:    number("BENCH_MESSAGES", 0),
		latencyFrom: number("BENCH_LATENCY_FROM", math.MaxInt),
	}
	handle := handler(os.Getenv("BENCH_DECODER"), counts)
	for !counts.isOver() {
		fetches := client.PollFetches(context.Background())
		fetches.EachError(func(_ string, _ int32, err error) { log.Print(err) })
		fetches.EachRecord(func(record *kgo.Record) { handle(record.Value) })
	}
	counts.end()
	time.Sleep(10 * time.Minute)
}

func handler(name string, counts *report) func([]byte) {
	switch name {
	case "json":
		return whole(json.Unmarshal, counts)
	case "sonic":
		return whole(sonic.Unmarshal, counts)
	case "sonic_fields":
		return func(value []byte) {
			var fields Fields
			if sonic.Unmarshal(value, &fields) != nil {
				counts.rejected++
				return
			}
			counts.add(fields.EventID, fields.EventType, fields.UserID, 0)
		}
	}
	log.Fatalf("No such decoder: %s", name)
	return nil
}

func whole(unmarshal func([]byte, any) error, counts *report) func([]byte) {
	return func(value []byte) {
		var event Event
		if unmarshal(value, &event) != nil {
			counts.rejected++
			return
		}
		sentAt := event.ProcessingInfo.ProcessingMs
		counts.add(event.EventID, event.EventType, event.UserID, sentAt)
	}
}

func (counts *report) add(id, eventType, userID string, sentAt float64) {
	if id == "" || eventType == "" || userID == "" {
		counts.rejected++
		return
	}
	counts.handled++
	counts.checksum += len(eventType) + len(userID) + int(id[len(id)-1])
	if counts.handled == 1 {
		say(map[string]any{"at": "first"})
	}
	if counts.handled < counts.latencyFrom {
		return
	}
	if counts.handled == counts.latencyFrom {
		say(map[string]any{"at": "warm"})
	}
	counts.latencies = append(counts.latencies, float64(time.Now().UnixMicro())/1000-sentAt)
}

func (counts *report) isOver() bool {
	return counts.handled+counts.rejected >= counts.messages
}

func (counts *report) end() {
	fact := map[string]any{
		"at":       "done",
		"handled":  counts.handled,
		"rejected": counts.rejected,
		"checksum": counts.checksum,
	}
	if last := len(counts.latencies) - 1; last >= 0 {
		sort.Float64s(counts.latencies)
		fact["p50"] = counts.latencies[int(0.5*float64(last))]
		fact["p99"] = counts.latencies[int(0.99*float64(last))]
	}
	say(fact)
}

func say(fact map[string]any) {
	line, err := json.Marshal(fact)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("@bench %s\n", line)
}

func number(name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}
