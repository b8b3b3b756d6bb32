"""What a group leaves in Kafka, as an onlooker sees it, by librdkafka: see group_observer.ts.

BOOTSTRAP GROUP DEAD_LETTER_TOPIC FILE   reads __consumer_offsets and the dead letters until SIGTERM

Lines in FILE: "commit", topic, partition, offset (-1: forgotten), at
               "dead", topic, partition, offset, at
"""

import signal
import struct
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

OFFSETS_TOPIC = "__consumer_offsets"
LOOK_PAUSE_S = 0.5
BATCH = 500
ORIGIN = "__dlq.errors."


def main(bootstrap, group, dead_letter_topic, path):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    observer = Observer(bootstrap, group, [OFFSETS_TOPIC, dead_letter_topic], path)
    print("looking", flush=True)
    while not stop:
        observer.look()


class Observer:
    def __init__(self, bootstrap, group, topics, path):
        self.group, self.topics = group, topics
        self.file = open(path, "a")
        self.assigned = {}
        self.looked_at = 0
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap,
            "group.id": "observer",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": False,
            "socket.timeout.ms": 6000,
            "topic.metadata.refresh.interval.ms": 1000,
            "reconnect.backoff.max.ms": 500,
        })

    def look(self):
        self.assign_new()
        for message in self.consumer.consume(BATCH, 0.1):
            # Errors are of brokers that are away; librdkafka asks again.
            if message.error() is None:
                self.take(message)
        self.file.flush()

    def assign_new(self):
        """Topics may appear, and grow, at any time."""
        if time.monotonic() - self.looked_at < LOOK_PAUSE_S:
            return
        self.looked_at = time.monotonic()
        for topic in self.topics:
            try:
                known = self.consumer.list_topics(topic, 1).topics[topic]
            except Exception:  # no broker answers: later
                return
            new = [
                TopicPartition(topic, partition, OFFSET_BEGINNING)
                for partition in known.partitions
                if (topic, partition) not in self.assigned
            ]
            if new:
                self.assigned.update({(topic, each.partition): True for each in new})
                self.consumer.incremental_assign(new)

    def take(self, message):
        line = commit(message, self.group) if message.topic() == OFFSETS_TOPIC else dead(message)
        if line is not None:
            self.file.write("\t".join(str(each) for each in line) + "\n")


def commit(message, group):
    """Kafka's OffsetCommitKey and the front of OffsetCommitValue."""
    key, value = Reader(message.key()), message.value()
    version = key.int16()
    if version > 1 or key.string() != group:
        return None
    topic, partition = key.string(), key.int32()
    at = message.timestamp()[1]
    if value is None:
        return ["commit", topic, partition, -1, at]
    reader = Reader(value)
    reader.int16()  # the version; the offset comes first in all of them
    return ["commit", topic, partition, reader.int64(), at]


def dead(message):
    headers = {name: value.decode() for name, value in message.headers() or [] if value is not None}
    place = [headers.get(f"{ORIGIN}{name}", "") for name in ("topic", "partition", "offset")]
    return ["dead", *place, message.timestamp()[1]]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def unpack(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def int16(self):
        return self.unpack(">h")

    def int32(self):
        return self.unpack(">i")

    def int64(self):
        return self.unpack(">q")

    def string(self):
        length = self.int16()
        self.at += length
        return self.data[self.at - length:self.at].decode()


main(*sys.argv[1:])
