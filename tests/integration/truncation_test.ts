/** A new leader with a shorter log: what is gone is told exactly, and what was written instead is read. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { writeRecordBatch } from "../../src/kafka/record_batch_writer.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { handledEvents, logLines, startService } from "../support/service.ts";

const WITHIN_MS = 20_000;
const TOPIC = "events";
const PLACE = { topic: TOPIC, partition: 0 };

async function append(kafka: EmbeddedKafka, seed: number, count: number): Promise<void> {
  for (const { key, value } of events({ seed, count, users: 3 })) {
    const record = {
      key: new TextEncoder().encode(key),
      value: new TextEncoder().encode(value),
      headers: [],
      timestamp: 1_700_000_000_000,
    };
    kafka.append(PLACE, await writeRecordBatch([record], "none"));
  }
}

Deno.test("an unclean election under a running service: the lost range is told, the new messages are read", async () => {
  await using kafka = await EmbeddedKafka.start({ nodes: 2, topics: { [TOPIC]: 1 } });
  await append(kafka, 1, 20);
  await using service = await startService(kafka, {
    topic: TOPIC,
    group: "group",
    settings: { METADATA_MAX_AGE_MS: "1000" },
  });
  const offsets = () => handledEvents(service).map(({ offset }) => offset);
  await eventually("all are handled", () => offsets().length, {
    withinMs: WITHIN_MS,
    until: (count) => count === 20,
  });
  const other = kafka.partition(PLACE).leader === 0 ? 1 : 0;
  kafka.truncate(PLACE, { offset: 15, node: other });
  await append(kafka, 2, 10); // past the old position, so that nothing is out of range
  await eventually("what was written instead is handled", () => offsets().length, {
    withinMs: WITHIN_MS,
    until: (count) => count === 30,
  });
  const again = offsets().slice(20).sort((a, b) => a - b); // keys are not in one order
  assert.deepEqual(again, [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  const lost = logLines(service).filter(({ level }) => level === "ERROR");
  assert.equal(lost.length, 1);
  assert.deepEqual([lost[0]?.fields["from"], lost[0]?.fields["to"]], [15, 20]);
  assert.equal((await service.stop()).code, 0);
});
