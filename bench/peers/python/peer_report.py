"""What a peer tells the bench: see bench/README.md."""
import json
import math
import os
import time

BROKERS = os.environ["BENCH_BROKERS"]
TOPIC = os.environ["BENCH_TOPIC"]
GROUP = os.environ["BENCH_GROUP"]
MESSAGES = int(os.environ["BENCH_MESSAGES"])
LATENCY_FROM = float(os.environ.get("BENCH_LATENCY_FROM") or math.inf)


def say(**fact):
    print("@bench", json.dumps(fact), flush=True)


class Report:
    """Counts by hand, not by calls for each message: in Python these would be dear."""

    def __init__(self):
        self.handled = self.rejected = self.checksum = 0
        self.latencies = []

    @property
    def is_over(self):
        return self.handled + self.rejected >= MESSAGES

    def handle_all(self, values, decode, sent_at):
        """Decodes each value; a value that cannot be decoded is rejected."""
        was = self.handled
        handled, checksum = was, self.checksum
        for value in values:
            try:
                event_id, event_type, user_id, event = decode(value)
                checksum += len(event_type) + len(user_id) + ord(event_id[-1])
            except (ValueError, KeyError, TypeError):
                self.rejected += 1
                continue
            handled += 1
            if handled >= LATENCY_FROM:
                self.latencies.append(time.time() * 1000 - sent_at(event))
        self.handled, self.checksum = handled, checksum
        if was == 0 and handled > 0:
            say(at="first")
        if was < LATENCY_FROM <= handled:
            say(at="warm")
        if self.is_over:
            self.end()

    def end(self):
        ordered = sorted(self.latencies)

        def quantile(share):
            return ordered[int(share * (len(ordered) - 1))] if ordered else None

        say(
            at="done",
            handled=self.handled,
            rejected=self.rejected,
            checksum=self.checksum,
            p50=quantile(0.5),
            p99=quantile(0.99),
        )
        time.sleep(600)
