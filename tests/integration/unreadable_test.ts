/** A record batch that cannot be read: put away where it is damaged for good, else waited for; others do not wait. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { encodeBatch, type TestBatch } from "../support/record_batches.ts";
import {
  finalCounts,
  handledEvents,
  logLines,
  startService,
  untilAllCommitted,
  untilServing,
} from "../support/service.ts";

const WITHIN_MS = 20_000;
const TOPIC = "events";
const GROUP = "group";
const OURS = "__dlq.processing.";

/** A partition of the embedded broker, filled by the batch. */
class Log {
  readonly #kafka: EmbeddedKafka;
  readonly #partition: number;
  #seed = 0;

  constructor(kafka: EmbeddedKafka, partition: number) {
    this.#kafka = kafka;
    this.#partition = partition;
  }

  async append(batch: TestBatch): Promise<number> {
    const place = { topic: TOPIC, partition: this.#partition };
    return this.#kafka.append(place, await encodeBatch(batch));
  }

  /** So many events in one batch; answers its base offset. */
  async appendEvents(count: number, own: TestBatch = {}): Promise<number> {
    this.#seed += 1;
    const seed = 100 * this.#partition + this.#seed;
    return await this.append({ records: events({ seed, count }), codec: "gzip", ...own });
  }
}

Deno.test("damaged batches are put away as they were, and nothing else waits for them", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 2 } });
  const [log, other] = [new Log(kafka, 0), new Log(kafka, 1)];
  await log.appendEvents(3);
  const bad = await log.appendEvents(4, { hasWrongCrc: true }); // 3 to 6
  await log.appendEvents(3); // 7 to 9
  const cut = await encodeBatch({ records: events({ seed: 1, count: 5 }), codec: "gzip" });
  await log.append({ payload: cut.subarray(61, -9), codecBits: 1, count: 5, lastOffsetDelta: 4 });
  await other.appendEvents(20);
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, { topic: TOPIC, group: GROUP });
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  const letters = await client.consume(`${TOPIC}.dlq`, { count: 2 });
  await log.appendEvents(2); // 15 and 16
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  assert.equal((await service.stop()).code, 0);

  const handled = handledEvents(service).filter(({ partition }) => partition === 0);
  assert.deepEqual(handled.map(({ offset }) => offset).sort((a, b) => a - b), [
    ...[0, 1, 2, 7, 8, 9, 15, 16],
  ]);
  const ranges = letters.map(({ headers }) => [
    headers[`${OURS}code`],
    headers[`${OURS}batch.first.offset`],
    headers[`${OURS}batch.last.offset`],
  ]);
  assert.deepEqual(ranges, [["crc_mismatch", "3", "6"], ["corrupt_compression", "10", "14"]]);
  const raw = kafka.batches({ topic: TOPIC, partition: 0 }).find((batch) => {
    return Buffer.from(batch).readBigInt64BE(0) === BigInt(bad);
  });
  assert.ok(raw && letters[0]?.value);
  assert.deepEqual(Buffer.from(letters[0].value), Buffer.from(raw));
  const told = logLines(service).filter(({ text }) =>
    text.startsWith("Record batch dead-lettered")
  );
  assert.deepEqual(told.map(({ fields }) => [fields["from"], fields["to"]]), [[3, 7], [10, 15]]);
  assert.equal(finalCounts(service)["quarantined_batches"], 2);
});

Deno.test("a batch in an unknown codec holds its partition up, by name, and no other", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 2 } });
  const [log, other] = [new Log(kafka, 0), new Log(kafka, 1)];
  await log.appendEvents(3);
  await log.appendEvents(3, { codecBits: 6 });
  await log.appendEvents(3);
  await other.appendEvents(20);
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings: { HTTP_PORT: "0" },
  });
  const url = await untilServing(service);
  const answer = async (path: string) => await (await fetch(`${url}${path}`)).text();
  const reason = /events\/0: cannot read the batch at offset 3: Update this service/;
  await eventually("not ready", () => answer("/readyz"), {
    withinMs: WITHIN_MS,
    until: (text) => reason.test(text),
  });
  await eventually("the other is done", () => client.committed(GROUP, TOPIC), {
    withinMs: WITHIN_MS,
    until: (committed) => committed[0] === 3 && committed[1] === 20,
  });
  const { partitions } = JSON.parse(await answer("/status"));
  const stalled = partitions.map((each: { stalled: string | null }) => each.stalled);
  assert.match(stalled[0], /offset 3: Update this service, it does not know codec: 6/);
  assert.equal(stalled[1], null);
  kafka.deleteRecords({ topic: TOPIC, partition: 0 }, 6); // as an operator may step over it
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  await eventually("ready again", () => answer("/readyz"), {
    withinMs: WITHIN_MS,
    until: (text) => !reason.test(text),
  });
  assert.equal((await service.stop()).code, 0);
  assert.equal(finalCounts(service)["quarantined_batches"], undefined);
});

Deno.test("a damaged batch that is larger than a dead letter may be is described instead", async () => {
  await using kafka = await EmbeddedKafka.start({
    topics: { [TOPIC]: 1, [`${TOPIC}.dlq`]: { configs: { "max.message.bytes": "2000" } } },
  });
  const log = new Log(kafka, 0);
  await log.appendEvents(40, { hasWrongCrc: true });
  await using client = new KafkaClient(kafka.bootstrap);
  await using service = await startService(kafka, { topic: TOPIC, group: GROUP });
  const [letter] = await client.consume(`${TOPIC}.dlq`, { count: 1 });
  const [raw] = kafka.batches({ topic: TOPIC, partition: 0 });
  assert.equal(letter?.value, null);
  assert.equal(letter.headers[`${OURS}value.bytes`], String(raw?.length));
  assert.equal(letter.headers[`${OURS}value.sha256`]?.length, 64);
  assert.equal(letter.headers[`${OURS}batch.last.offset`], "39");
  await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
  assert.equal((await service.stop()).code, 0);
});
