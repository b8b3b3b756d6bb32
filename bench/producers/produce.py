"""Sends the messages of a file by librdkafka, over and over until there are enough; see data/message_file.ts.

With a rate, each message carries the time at which it was sent as its `processing_ms`, and at the end one line says how
long acknowledgements took: what was slow there is no consumer's fault.
"""
import json
import struct
import sys
import time

from confluent_kafka import Producer

MARK = b'"processing_ms":'


def main(bootstrap, topic, path, count, partitions, batch_messages, rate):
    pool = read(path)
    count, partitions, rate = int(count), int(partitions), float(rate)
    failures = []
    acknowledged = []
    settings = {
        "bootstrap.servers": bootstrap,
        "compression.type": "snappy",
        # Full batches, however slowly this sends.
        "linger.ms": 0 if rate else 5000,
        "batch.num.messages": int(batch_messages),
        "queue.buffering.max.messages": 100_000,
    }
    producer = Producer(settings)

    def on_delivery(error, message):
        if error is not None:
            failures.append(str(error))
        elif rate:
            acknowledged.append(message.latency() * 1000)

    def send(index, value):
        key, _, headers = pool[index % len(pool)]
        while True:
            try:
                producer.produce(
                    topic, value, key, index % partitions, on_delivery, headers=headers
                )
                return
            except BufferError:
                producer.poll(0.1)

    if rate:
        send_by_clock(pool, count, rate, send, producer)
    else:
        for index in range(count):
            send(index, pool[index % len(pool)][1])
            if index % 1000 == 0:
                producer.poll(0)
    producer.flush(120)
    if failures or len(producer):
        sys.exit(f"Not every message was acknowledged: {failures[:1] or len(producer)}")
    if rate:
        acknowledged.sort()
        last = len(acknowledged) - 1
        print(json.dumps({"p50": acknowledged[last // 2], "p99": acknowledged[int(last * 0.99)]}))


def send_by_clock(pool, count, rate, send, producer):
    start = time.monotonic()
    for index in range(count):
        # poll() comes back before its time whenever there was something to report.
        while (wait := start + index / rate - time.monotonic()) > 0:
            producer.poll(wait)
        head, _, tail = pool[index % len(pool)][1].partition(MARK)
        now = f"{time.time() * 1000:.3f}".encode()
        send(index, head + MARK + now + tail[tail.index(b"}"):])


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0

    def number():
        nonlocal at
        at += 4
        return struct.unpack_from(">i", data, at - 4)[0]

    def sized():
        nonlocal at
        size = number()
        at += size
        return data[at - size:at]

    def message():
        key, value = sized(), sized()
        headers = [(sized().decode(), sized()) for _ in range(number())]
        return key, value, headers or None

    return [message() for _ in range(number())]


main(*sys.argv[1:])
