"""aiokafka: getmany() in a loop."""
import asyncio
import os

from aiokafka import AIOKafkaConsumer

from decoders import decoder
from peer_report import BROKERS, GROUP, TOPIC, Report


async def main():
    decode, sent_at = decoder(os.environ["BENCH_DECODER"])
    report = Report()
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=BROKERS, group_id=GROUP, auto_offset_reset="earliest"
    )
    await consumer.start()
    while not report.is_over:
        for messages in (await consumer.getmany(timeout_ms=100)).values():
            report.handle_all([message.value for message in messages], decode, sent_at)


asyncio.run(main())
