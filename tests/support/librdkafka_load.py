"""A steady load by librdkafka, see steady_load.ts.

BOOTSTRAP TOPIC FILE OPTIONS   sends until SIGTERM, then waits for the last acknowledgement; OPTIONS is JSON:
                               rate (messages a second), users, seed, invalidShare

Each acknowledgement is a line in FILE: kind, partition, offset, key, event id, hash, sent at, acknowledged at.
"""

import json
import random
import signal
import sys
import time
import uuid
import zlib

from confluent_kafka import Producer

SLICE_S = 0.01
FLUSH_DEADLINE_S = 120
EVENT_TYPES = ["page_view", "button_click", "form_submit", "search"]
AT = "2024-01-15T10:30:45Z"


def main(bootstrap, topic, path, options):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    load = Load(bootstrap, topic, path, **json.loads(options))
    print("sending", flush=True)
    load.run(lambda: bool(stop))


class Load:
    def __init__(self, bootstrap, topic, path, rate, users, seed, invalidShare=0):
        self.topic, self.rate, self.users, self.invalid_share = topic, rate, users, invalidShare
        self.random = random.Random(seed)
        self.file = open(path, "a")
        self.failures = []
        self.producer = Producer({
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "snappy",
            "linger.ms": 5,
            # For ever: each message is stored once, whatever happens to the brokers.
            "message.timeout.ms": 0,
            "socket.timeout.ms": 6000,
            "topic.metadata.refresh.interval.ms": 1000,
            "reconnect.backoff.max.ms": 500,
            "retry.backoff.max.ms": 500,
        })

    def run(self, is_over):
        due = 0.0
        last = time.monotonic()
        while not is_over():
            now = time.monotonic()
            # What could not be sent in time is not made up for by a burst.
            due = min(due + (now - last) * self.rate, self.rate)
            last = now
            while due >= 1 and self.send():
                due -= 1
            self.producer.poll(SLICE_S)
            self.file.flush()
        left = self.producer.flush(FLUSH_DEADLINE_S)
        self.file.close()
        if left or self.failures:
            sys.exit(f"{left} not acknowledged, {len(self.failures)} failed: {self.failures[:3]}")

    def send(self):
        event_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        key = f"user-{self.random.randrange(self.users)}"
        is_valid = self.random.random() >= self.invalid_share
        data = json.dumps({
            "button_clicked": "submit",
            "form_data": {"field1": f"{self.random.getrandbits(600):0150x}"},
        }, separators=(",", ":"))
        checksum = zlib.crc32(f"{event_id}{data}".encode())
        value = event(event_id, key, data, self.random) if is_valid else data
        callback = self.on_delivery("valid" if is_valid else "invalid", key, event_id, checksum)
        try:
            self.producer.produce(self.topic, key=key, value=value, on_delivery=callback)
            return True
        except BufferError:
            return False

    def on_delivery(self, kind, key, event_id, checksum):
        sent_at = int(time.time() * 1000)

        def callback(error, message):
            if error is not None:
                self.failures.append(str(error))
                return
            # None for the offset: sent again, and the broker said only that it has it already.
            offset = "NaN" if message.offset() is None else message.offset()
            place = f"{message.partition()}\t{offset}"
            times = f"{sent_at}\t{int(time.time() * 1000)}"
            self.file.write(f"{kind}\t{place}\t{key}\t{event_id}\t{checksum}\t{times}\n")
        return callback


def event(event_id, key, data, chance):
    """By hand: json.dumps of the whole would be most of what this process does."""
    return (
        f'{{"event_id":"{event_id}","request_id":"{event_id}"'
        f',"event_type":"{EVENT_TYPES[chance.randrange(4)]}","timestamp":"{AT}","user_id":"{key}"'
        f',"session_id":"session-1","page_url":"https://example.com/pricing","event_data":{data}'
        ',"client_info":{"user_agent":"Mozilla/5.0","screen_resolution":"1920x1080","language":"en-US"}'
        ',"service_info":{"service_name":"ingestion-service","service_version":"1.0.0"'
        ',"environment":"test"},"processing_info":'
        f'{{"received_at":"{AT}","processed_at":"{AT}","processing_ms":5}}}}'
    )


main(*sys.argv[1:])
