"""A consumer by librdkafka that works as a service does, see foreign_members.ts.

BOOTSTRAP TOPIC GROUP STRATEGY FILE   handles messages one by one until SIGTERM

Each start and each end is a line in FILE, as recording_service.ts writes them.
"""

import json
import signal
import sys
import time
import zlib

from confluent_kafka import Consumer, KafkaException

COMMIT_EVERY_S = 0.3


def main(bootstrap, topic, group, strategy, path):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    member = Member(bootstrap, topic, group, strategy, path)
    print("consuming", flush=True)
    while not stop:
        member.step()
    member.close()


class Member:
    def __init__(self, bootstrap, topic, group, strategy, path):
        self.file = open(path, "a")
        self.next = {}
        self.committed_at = time.monotonic()
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "partition.assignment.strategy": strategy,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "session.timeout.ms": 10000,
            "heartbeat.interval.ms": 500,
            "fetch.wait.max.ms": 100,
        })
        self.consumer.subscribe([topic], on_revoke=self.on_revoke, on_lost=self.on_lost)

    def step(self):
        message = self.consumer.poll(0.1)
        if message is not None and message.error() is None:
            self.handle(message)
        if time.monotonic() - self.committed_at > COMMIT_EVERY_S:
            self.commit()

    def handle(self, message):
        event = json.loads(message.value())
        self.write("start", message, event)
        self.write("done", message, event)
        self.file.flush()
        self.consumer.store_offsets(message)
        self.next[message.partition()] = message.offset() + 1

    def write(self, kind, message, event):
        data = json.dumps(event["event_data"], separators=(",", ":"))
        checksum = zlib.crc32(f"{event['event_id']}{data}".encode())
        place = f"{message.topic()}\t{message.partition()}\t{message.offset()}"
        at = int(time.time() * 1000)
        self.file.write(f"{kind}\t{place}\t{event['event_id']}\t{at}\t{checksum}\n")

    def commit(self):
        self.committed_at = time.monotonic()
        if not self.next:
            return
        self.next = {}
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:
            print(f"commit: {error}", file=sys.stderr, flush=True)

    def on_revoke(self, _consumer, _partitions):
        self.commit()

    def on_lost(self, _consumer, _partitions):
        self.next = {}

    def close(self):
        self.commit()
        self.consumer.close()
        self.file.close()


main(*sys.argv[1:])
