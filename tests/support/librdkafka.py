"""librdkafka for tests, see librdkafka.ts.

produce BOOTSTRAP TOPIC COMPRESSION   messages on standard input, acknowledgements as JSON lines
transact BOOTSTRAP TOPIC END...       messages on standard input, in as many transactions as there are ENDs:
                                      `commit` or `abort`
consume BOOTSTRAP TOPIC COUNT         the first COUNT messages from the beginning, as JSON lines
"""

import base64
import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer

FLUSH_DEADLINE_S = 90
READ_DEADLINE_S = 60


def produce(bootstrap, topic, compression):
    producer = Producer({
        "bootstrap.servers": bootstrap,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": compression,
        "linger.ms": 5,
        "message.timeout.ms": FLUSH_DEADLINE_S * 1000,
    })
    failures = []

    def acknowledge(event_id):
        def on_delivery(error, message):
            if error is not None:
                failures.append(str(error))
                return
            key = message.key()
            print(json.dumps({
                "partition": message.partition(),
                "offset": message.offset(),
                "key": None if key is None else key.decode(),
                "event_id": event_id,
            }))
        return on_delivery

    for line in sys.stdin:
        partition, key, value, event_id = line.rstrip("\n").split("\t")
        place = {} if partition == "-1" else {"partition": int(partition)}
        message = {"key": decode(key), "value": decode(value), "on_delivery": acknowledge(event_id)}
        while True:
            try:
                producer.produce(topic, **message, **place)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(FLUSH_DEADLINE_S)
    if failures or left:
        sys.exit(f"{left} not acknowledged, {len(failures)} failed: {failures[:3]}")


def transact(bootstrap, topic, *ends):
    producer = Producer({
        "bootstrap.servers": bootstrap,
        "transactional.id": f"librdkafka-{uuid.uuid4()}",
        "compression.type": "lz4",
    })
    producer.init_transactions(FLUSH_DEADLINE_S)
    lines = sys.stdin.read().splitlines()
    share = len(lines) // len(ends)
    for at, end in enumerate(ends):
        producer.begin_transaction()
        for line in lines[at * share:(at + 1) * share]:
            partition, key, value, _ = line.split("\t")
            place = {} if partition == "-1" else {"partition": int(partition)}
            producer.produce(topic, key=decode(key), value=decode(value), **place)
        producer.flush(FLUSH_DEADLINE_S)
        if end == "commit":
            producer.commit_transaction(FLUSH_DEADLINE_S)
        else:
            producer.abort_transaction(FLUSH_DEADLINE_S)


def consume(bootstrap, topic, count):
    consumer = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": f"librdkafka-{uuid.uuid4()}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })
    consumer.subscribe([topic])
    ends_at = time.monotonic() + READ_DEADLINE_S
    read = 0
    while read < int(count):
        if time.monotonic() > ends_at:
            sys.exit(f"read {read} of {count} messages")
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            sys.exit(str(message.error()))
        read += 1
        print(json.dumps({
            "partition": message.partition(),
            "offset": message.offset(),
            "key": encode(message.key()),
            "value": encode(message.value()),
            "headers": [[name, encode(value)] for name, value in message.headers() or []],
        }))
    consumer.close()


def decode(text):
    return None if text == "-" else base64.b64decode(text[1:])


def encode(value):
    return None if value is None else base64.b64encode(value).decode()


{"produce": produce, "transact": transact, "consume": consume}[sys.argv[1]](*sys.argv[2:])
