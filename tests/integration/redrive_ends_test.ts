/** How letters end in a redrive, and what two operators, a filter and foreign letters make of it. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import type { EnrichedEvent } from "../../src/event.ts";
import { ExitError } from "../../src/ops/exit.ts";
import { PermanentError } from "../../src/processing/failure.ts";
import { fingerprintOf } from "../../src/processing/fingerprint.ts";
import type { HandlerContext } from "../../src/processing/message.ts";
import { deadLetters, letterRecord } from "../support/dead_letters.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { connectLetter, springLetter } from "../support/foreign_letters.ts";
import { freePorts } from "../support/free_ports.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { encodeBatch } from "../support/record_batches.ts";
import { makeRedrive, runRedrive } from "../support/redriving.ts";

const REFUSED = { stage: "handle", code: "no_user", message: "No such user" } as const;
const OTHER = { stage: "handle", code: "no_page", message: "No such page" } as const;
const WITHIN_MS = 60_000;
const OURS = "__dlq.processing.";

/** Letters that are valid events, each with the key of its event, in partition 0. */
async function withLetters(
  kafka: KafkaUnderTest<"events">,
  { count, failure = () => REFUSED }: {
    readonly count: number;
    readonly failure?: (at: number) => typeof REFUSED | typeof OTHER;
  },
) {
  const topic = kafka.topics.events;
  const dlq = await kafka.createTopic({ name: `${topic}.dlq`, partitions: 1 });
  const all = events({ seed: 3, count });
  await kafka.produce(
    dlq,
    all.map(({ key, value }, at) =>
      letterRecord({
        source: { topic, partition: 0, offset: 100 + at },
        key,
        value,
        failure: failure(at),
        headers: { tenant: "blue" },
      })
    ),
  );
  return { topic, dlq, group: kafka.unique("group"), all };
}

function env(kafka: { readonly bootstrap: string }, topic: string, group: string) {
  return {
    KAFKA_BROKERS: kafka.bootstrap,
    KAFKA_TOPIC: topic,
    KAFKA_GROUP_ID: group,
    SESSION_TIMEOUT_MS: "6000",
    LOG_LEVEL: "error",
  };
}

async function leftIn(
  kafka: { readonly bootstrap: string },
  { topic, group }: { readonly topic: string; readonly group: string },
): Promise<number> {
  const { printed } = await deadLetters(["list", "--json"], env(kafka, topic, group));
  return JSON.parse(printed).count;
}

kafkaTest(
  "a handler sees a redriven letter as the message that it was",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group, all } = await withLetters(kafka, { count: 3 });
    const seen: unknown[] = [];
    const handle = (event: EnrichedEvent, context: HandlerContext) => {
      const { topic, partition, offset, headers, attempt, key } = context;
      const names = headers.map(([name]) => name);
      const text = new TextDecoder().decode(key ?? undefined);
      seen.push([event.event_id, topic, partition, offset, text, names, attempt]);
    };
    const report = await runRedrive(kafka, { topic, group, handle });
    assert.deepEqual(
      seen,
      all.map(({ eventId, key }, at) => [eventId, topic, 0, 100 + at, key, ["tenant"], 1]),
    );
    assert.deepEqual([report.ending, report.processed, report.taken], ["all", 3, 3]);
    assert.equal(await leftIn(kafka, { topic, group }), 0);
  },
);

kafkaTest(
  "a message that fails each time goes back twice, and is parked after three redrives",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, dlq, group, all } = await withLetters(kafka, { count: 2 });
    const bad = all[0]?.eventId;
    const handle = ({ event_id }: EnrichedEvent) => {
      if (event_id === bad) throw new PermanentError("No such user", { code: "no_user" });
    };
    const ends: unknown[] = [];
    for (let run = 0; run < 4; run += 1) {
      const { processed, returned, parked } = await runRedrive(kafka, { topic, group, handle });
      ends.push([processed, returned, parked]);
    }
    assert.deepEqual(ends, [[1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]);
    assert.equal(await leftIn(kafka, { topic, group }), 0);
    const letters = await kafka.consume(dlq, { count: 4 });
    assert.deepEqual(letters.map(({ headers }) => headers[`${OURS}replay.count`]), [
      "0",
      "0",
      "1",
      "2",
    ]);
    const [parked] = await kafka.consume(`${dlq}.parked`, { count: 1 });
    assert.ok(parked);
    assert.equal(parked.headers[`${OURS}replay.count`], "3");
    assert.equal(parked.headers["__dlq.errors.offset"], "100");
    assert.equal(parked.headers["__dlq.errors.topic"], topic);
    assert.equal(parked.headers["tenant"], "blue");
    assert.equal(new TextDecoder().decode(parked.value ?? undefined), all[0]?.value);
    assert.deepEqual(await kafka.endOffsets(topic), [0], "nothing goes to the source topic");
  },
);

kafkaTest(
  "a second redrive is refused while one runs, and told who is at it",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group } = await withLetters(kafka, { count: 3 });
    const gate = Promise.withResolvers<void>();
    const settings = { KAFKA_CLIENT_ID: "first-operator" };
    const startedAt = Date.now();
    const first = makeRedrive(kafka, { topic, group, settings, handle: () => gate.promise });
    const running = first.run();
    await eventually("the first one works", () => Promise.resolve(first.progress.taken), {
      withinMs: WITHIN_MS,
      until: (taken) => taken === 3,
    });
    const refused = await runRedrive(kafka, { topic, group }).catch((error) => error);
    assert.ok(refused instanceof ExitError, String(refused));
    assert.equal(refused.exitCode, 75);
    assert.match(refused.message, /first-operator at \S+ since \d{4}-/);
    const since = Date.parse(/since (\S+?Z)/.exec(refused.message)?.[1] ?? "");
    assert.ok(Math.abs(since - startedAt) < WITHIN_MS, refused.message);
    const command = await deadLetters(["redrive", "--yes"], env(kafka, topic, group));
    assert.equal(command.code, 75);
    assert.match(command.errors, /first-operator/);
    const parking = await deadLetters(["park", "--yes"], env(kafka, topic, group));
    assert.equal(parking.code, 75);
    gate.resolve();
    assert.equal((await running).processed, 3);
    const after = await runRedrive(kafka, { topic, group });
    assert.deepEqual([after.taken, after.ending], [0, "all"], "it is free again");
  },
);

kafkaTest(
  "of two redrives that start at once one works and the other is refused",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group, all } = await withLetters(kafka, { count: 40 });
    const handled: string[] = [];
    const handle = async ({ event_id }: EnrichedEvent) => {
      handled.push(event_id);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const options = { topic, group, handle, settings: { CONCURRENCY: "2" } };
    const ends = await Promise.all(
      [1, 2].map(() => runRedrive(kafka, options).catch((error) => error)),
    );
    const refused = ends.filter((each) => each instanceof ExitError);
    const done = ends.filter((each) => !(each instanceof Error));
    assert.deepEqual([refused.length, done.length], [1, 1], String(ends));
    assert.equal(refused[0]?.exitCode, 75);
    assert.deepEqual(handled.sort(), all.map(({ eventId }) => eventId).sort());
  },
);

kafkaTest(
  "letters of Kafka Connect and of Spring are redriven as the messages that they were",
  {},
  async (kafka) => {
    const dlq = await kafka.createTopic({ partitions: 1 });
    const group = kafka.unique("group");
    const [one, two] = events({ seed: 9, count: 2 });
    await kafka.produce(dlq, [connectLetter(one?.value ?? ""), springLetter(two?.value ?? "")]);
    const seen: unknown[] = [];
    const handle = (event: EnrichedEvent, context: HandlerContext) => {
      const { topic, partition, offset, headers } = context;
      seen.push([event.event_id, topic, partition, offset, headers.length]);
      throw new PermanentError("Not today", { code: "not_today" });
    };
    const settings = { DLQ_TOPIC: dlq };
    const report = await runRedrive(kafka, { topic: "none", group, handle, settings });
    assert.deepEqual(seen, [
      [one?.eventId, "orders", 3, 41, 0],
      [two?.eventId, "payments", 1, 99, 0],
    ]);
    assert.deepEqual([report.taken, report.returned], [2, 2]);
    const back = (await kafka.consume(dlq, { count: 4 })).slice(2);
    assert.deepEqual(
      back.map(({ headers }) => [
        headers["__dlq.errors.topic"],
        headers["__dlq.errors.offset"],
        headers[`${OURS}replay.count`],
        headers[`${OURS}code`],
      ]),
      [["orders", "41", "1", "not_today"], ["payments", "99", "1", "not_today"]],
    );
  },
);

kafkaTest(
  "park moves what fits byte for byte, and leaves the rest",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, dlq, group } = await withLetters(kafka, {
      count: 10,
      failure: (at) => at % 2 === 0 ? REFUSED : OTHER,
    });
    const args = ["park", "--yes", "--json", "--fingerprint", fingerprintOf(OTHER)];
    const { code, printed, errors } = await deadLetters(args, env(kafka, topic, group));
    assert.equal(code, 0, errors);
    const { parked, taken, plan } = JSON.parse(printed);
    assert.deepEqual([parked, taken, plan.planned], [5, 5, 5]);
    const before = (await kafka.consume(dlq, { count: 10 })).filter((_, at) => at % 2 === 1);
    const after = await kafka.consume(`${dlq}.parked`, { count: 5 });
    assert.deepEqual(
      after.map(({ key, value, headers }) => ({ key, value, headers })),
      before.map(({ key, value, headers }) => ({ key, value, headers })),
    );
    assert.equal(await leftIn(kafka, { topic, group }), 5);
    const rest = await runRedrive(kafka, { topic, group });
    assert.equal(rest.processed, 5, "the others are redriven later");
  },
);

kafkaTest(
  "a redrive keeps to its count and its rate, and goes on where it was stopped",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, group, all } = await withLetters(kafka, { count: 30 });
    const handled: string[] = [];
    const handle = ({ event_id }: EnrichedEvent) => void handled.push(event_id);
    const first = await runRedrive(kafka, { topic, group, handle, count: 7 });
    assert.deepEqual([first.ending, handled.length], ["count", 7]);
    const startedAt = performance.now();
    const slow = makeRedrive(kafka, { topic, group, handle, rate: 5 });
    const running = slow.run();
    await eventually("some are done", () => Promise.resolve(handled.length), {
      withinMs: WITHIN_MS,
      until: (count) => count >= 10,
    });
    slow.stop();
    const stopped = await running;
    const seconds = (performance.now() - startedAt) / 1_000;
    assert.equal(stopped.ending, "stopped");
    assert.ok(stopped.taken <= 5 * seconds + 6, `${stopped.taken} in ${seconds} s`);
    const rest = await runRedrive(kafka, { topic, group, handle });
    assert.equal(rest.ending, "all");
    assert.deepEqual(handled.sort(), all.map(({ eventId }) => eventId).sort(), "each once");
  },
);

kafkaTest(
  "redrive asks before it does anything, and a dry run only says what would happen",
  { topics: { events: 1 } },
  async (kafka) => {
    const { topic, dlq, group } = await withLetters(kafka, { count: 4 });
    const refused = await deadLetters(["redrive"], env(kafka, topic, group));
    assert.equal(refused.code, 64);
    assert.match(refused.errors, /--yes/);
    const dry = await deadLetters(["redrive", "--dry-run"], env(kafka, topic, group));
    assert.equal(dry.code, 0, dry.errors);
    assert.match(dry.printed, /^Would redrive 4 dead letters of /);
    assert.match(dry.printed, /No letter is marked as dealt with/);
    assert.equal(await kafka.hasTopic(`${dlq}.parked`), false);
    assert.deepEqual(await kafka.committed(`${group}.redrive`, dlq), [-1]);
  },
);

Deno.test("a redrive that finds no Kafka can be stopped at once", async () => {
  const [port = 0] = freePorts(1);
  const logger = new RecordingLogger();
  const redrive = makeRedrive({ bootstrap: `127.0.0.1:${port}` }, {
    topic: "events",
    group: "group",
    logger,
    settings: { MAX_RETRIES: "1000", RETRY_DELAY: "600" },
  });
  const running = redrive.run();
  await eventually("it waits before it tries again", () => Promise.resolve(logger.lines), {
    withinMs: WITHIN_MS,
    until: (lines) => lines.some(({ text }) => text.includes("trying again")),
  });
  redrive.stop();
  const { ending, state, taken } = await running;
  assert.deepEqual([ending, state, taken], ["stopped", "ended", 0]);
});

Deno.test("a redrive does not wait for letters of a transaction that stays open", async () => {
  const [topic, dlq, group] = ["events", "events.dlq", "group"];
  await using kafka = await EmbeddedKafka.start({ topics: { [topic]: 1, [dlq]: 1 } });
  const place = { topic: dlq, partition: 0 };
  const [event] = events({ seed: 8, count: 1 });
  const records = [{ key: event?.key ?? null, value: event?.value ?? null }];
  kafka.append(place, await encodeBatch({ records }));
  kafka.append(place, await encodeBatch({ records, isTransactional: true, producerId: 7n }));
  const { ending, processed } = await runRedrive(kafka, { topic, group });
  assert.deepEqual([ending, processed], ["all", 1]);
  await using client = new KafkaClient(kafka.bootstrap);
  assert.deepEqual(await client.committed(`${group}.redrive`, dlq), [1], "the rest stays");
});
