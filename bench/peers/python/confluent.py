"""confluent-kafka: consume() in batches, or poll() where latency counts. BENCH_TUNED lifts the limits on prefetching."""
import os

from confluent_kafka import Consumer

from decoders import decoder
from peer_report import BROKERS, GROUP, LATENCY_FROM, MESSAGES, TOPIC, Report

settings = {
    "bootstrap.servers": BROKERS,
    "group.id": GROUP,
    "auto.offset.reset": "earliest",
}
if os.environ.get("BENCH_TUNED"):
    settings["queued.min.messages"] = 10_000_000
    settings["queued.max.messages.kbytes"] = 2_000_000

decode, sent_at = decoder(os.environ["BENCH_DECODER"])
report = Report()
consumer = Consumer(settings)
consumer.subscribe([TOPIC])
polls = LATENCY_FROM < MESSAGES
while not report.is_over:
    if polls:
        message = consumer.poll(0.1)
        messages = [] if message is None else [message]
    else:
        messages = consumer.consume(1000, 0.1)
    report.handle_all(
        [message.value() for message in messages if message.error() is None], decode, sent_at
    )
