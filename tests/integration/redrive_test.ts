/** Dead letters are redriven: those that are meant and no others, once, in order, and where a run was killed it goes on. */
import assert from "node:assert/strict";
import { fingerprintOf } from "../../src/processing/fingerprint.ts";
import type { Failure } from "../../src/processing/telemetry.ts";
import { deadLetters, letterRecord } from "../support/dead_letters.ts";
import { events, type TestEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest, type KafkaUnderTest } from "../support/kafka.ts";
import type { Handled } from "../support/oracle.ts";
import type { Program } from "../support/program.ts";
import { Recording } from "../support/recording.ts";
import { assertRepeats, commitsOf } from "../support/redrive_repeats.ts";

const PATHS = ["user_id", "session_id", "page_url", "timestamp"] as const;
const FAILURES: readonly Failure[] = PATHS.map(
  (path) => ({
    stage: "validate",
    code: "schema_mismatch",
    message: `${path}: expected string, received number`,
    rules: [`${path} invalid_type`],
  }),
);
const [MENDED = "", ...OTHERS] = FAILURES.map(fingerprintOf);
const PARTITIONS = 2;
const LONG = Deno.env.get("LONG") === "1";
const COUNT = LONG ? 10_000 : 400;
const WITHIN_MS = LONG ? 600_000 : 60_000;
const COMMIT_EVERY_MS = 200;
/** So long does a handler take, and so many run at once. */
const HANDLER_MS = 50;
const CONCURRENCY = 4;

/** Letters of four causes that were messages of a topic. The schema is mended for the first cause. */
async function produceLetters(
  kafka: KafkaUnderTest<"events">,
  { dlq, count = COUNT }: { readonly dlq: string; readonly count?: number },
): Promise<readonly TestEvent[]> {
  const topic = kafka.topics.events;
  const all = events({ seed: 5, count, users: 40 });
  const letters = all.map(({ key, value }, at) => {
    const partition = hashOf(key) % PARTITIONS;
    const source = { topic, partition, offset: 1_000 + at };
    const failure = failureOf(at);
    const letter = letterRecord({ source, key, value: failing(value, failure), failure });
    return { ...letter, partition };
  });
  for (let at = 0; at < letters.length; at += 500) {
    await kafka.produce(dlq, letters.slice(at, at + 500));
  }
  return all;
}

/** As the schema takes it for the first cause, and does not for the others. */
function failing(value: string, failure: Failure): string {
  const path = PATHS[FAILURES.indexOf(failure)] ?? "";
  return failure === FAILURES[0] ? value : JSON.stringify({ ...JSON.parse(value), [path]: 5 });
}

function failureOf(at: number): Failure {
  return FAILURES[hashOf(String(at)) % FAILURES.length] as Failure;
}

function hashOf(text: string): number {
  let hash = 7;
  for (const letter of text) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521;
  return hash;
}

function settingsFor(
  kafka: KafkaUnderTest<"events">,
  { group }: { readonly group: string },
): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: kafka.bootstrap,
    KAFKA_TOPIC: kafka.topics.events,
    KAFKA_GROUP_ID: group,
    HTTP_PORT: "off",
  };
}

/** Letters that nobody has dealt with, by fingerprint. */
async function listed(
  kafka: KafkaUnderTest<"events">,
  { group }: { readonly group: string },
): Promise<Readonly<Record<string, number>>> {
  const { printed, errors } = await deadLetters(["list", "--json"], settingsFor(kafka, { group }));
  assert.equal(errors, "");
  const { causes } = JSON.parse(printed) as {
    causes: readonly { fingerprint: string; count: number }[];
  };
  return Object.fromEntries(causes.map(({ fingerprint, count }) => [fingerprint, count]));
}

function reportOf(program: Program) {
  const text = program.stdout.join("\n");
  return JSON.parse(text.slice(text.indexOf("{\n")));
}

/** A redrive that was killed is still a member for as long as its session. */
async function redriveOnceFree(start: () => Promise<Program>): Promise<Program> {
  return await eventually("the group is free", async () => {
    const program = await start();
    const { code } = await program.waitForExit(WITHIN_MS);
    return { program, code };
  }, { withinMs: WITHIN_MS, everyMs: 500, until: ({ code }) => code !== 75 })
    .then(({ program }) => program);
}

function startsOf(records: readonly Handled[]): readonly Handled[] {
  return records.filter(({ kind }) => kind === "start");
}

kafkaTest(
  "a redrive of one cause that is killed halfway and started again does each at least once, in the order of keys, and leaves the others",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const dlq = await kafka.createTopic({ name: `${topic}.dlq`, partitions: PARTITIONS });
    const group = kafka.unique("group");
    const all = await produceLetters(kafka, { dlq });
    const wanted = all.filter((_, at) => fingerprintOf(failureOf(at)) === MENDED);
    const before = await listed(kafka, { group });
    assert.equal(before[MENDED], wanted.length);
    await assertRehearsal(kafka, { group, wanted: wanted.length });

    await using recording = await Recording.start();
    const settings = {
      AUTO_COMMIT_INTERVAL_MS: String(COMMIT_EVERY_MS),
      CONCURRENCY: String(CONCURRENCY),
      LOG_LEVEL: "debug",
    };
    const plan = { minMs: HANDLER_MS, maxMs: HANDLER_MS };
    const flags = { fingerprint: MENDED };
    const options = { topic, group, settings, plan, flags };
    await using killed = await recording.startRedrive(kafka, options);
    await recording.untilDone(wanted.length / 2, { process: "p1", withinMs: WITHIN_MS });
    killed.signal("SIGKILL");
    await killed.waitForExit(WITHIN_MS);

    const done = await redriveOnceFree(() => recording.startRedrive(kafka, options));
    const report = reportOf(done);
    assert.equal((await done.waitForExit(WITHIN_MS)).code, 0, done.stderr.join("\n"));
    assert.equal(report.ending, "all");

    const handled = await recording.handled();
    const first = await recording.of("p1");
    const again = startsOf(handled).filter(({ process }) => process !== "p1");
    const wantedIds = new Set(wanted.map(({ eventId }) => eventId));
    const doneIds = new Set(
      handled.filter(({ kind }) => kind === "done").map(({ eventId }) => eventId),
    );
    assert.deepEqual(doneIds, wantedIds, "each of them, and no other");
    const pace = {
      concurrency: CONCURRENCY,
      commitEveryMs: COMMIT_EVERY_MS,
      handlerMs: HANDLER_MS,
    };
    assertRepeats(again, { first, commits: commitsOf(killed), ...pace });
    assert.equal(report.taken, again.length);
    assertKeyOrder(handled, all);
    for (const { topic: source, partition, offset } of handled) {
      assert.equal(source, topic);
      assert.equal(partition, hashOf(all[offset - 1_000]?.key ?? "") % PARTITIONS);
    }

    const after = await listed(kafka, { group });
    assert.equal(after[MENDED], undefined, "none is left");
    for (const other of OTHERS) assert.equal(after[other], before[other], other);
    assert.deepEqual(await kafka.endOffsets(topic), [0, 0], "nothing goes to the source topic");
    assert.equal((await kafka.endOffsets(dlq)).reduce((a, b) => a + b), COUNT);
    const nothing = await deadLetters(
      ["redrive", "--yes", "--json", "--fingerprint", MENDED],
      settingsFor(kafka, { group }),
    );
    assert.deepEqual([nothing.code, JSON.parse(nothing.printed).plan.planned], [0, 0]);
  },
);

/** It says exactly which would pass. */
async function assertRehearsal(
  kafka: KafkaUnderTest<"events">,
  { group, wanted }: { readonly group: string; readonly wanted: number },
): Promise<void> {
  const { printed } = await deadLetters(["rehearse", "--json"], settingsFor(kafka, { group }));
  const { causes, prospects } = JSON.parse(printed);
  assert.equal(prospects.fails, COUNT - wanted);
  for (const { fingerprint, count, prospects: { fails } } of causes) {
    assert.equal(fails, fingerprint === MENDED ? 0 : count, fingerprint);
  }
}

/** Within each process the messages of a key come in the order in which they failed. */
function assertKeyOrder(handled: readonly Handled[], all: readonly TestEvent[]): void {
  const last = new Map<string, number>();
  for (const { process, offset } of startsOf(handled)) {
    const name = `${process} ${all[offset - 1_000]?.key}`;
    assert.ok(offset > (last.get(name) ?? -1), `${name}: ${offset} after ${last.get(name)}`);
    last.set(name, offset);
  }
}

kafkaTest(
  "a redrive that gets SIGTERM ends what it has begun, and the next one does the rest: each once",
  { topics: { events: PARTITIONS } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const dlq = await kafka.createTopic({ name: `${topic}.dlq`, partitions: PARTITIONS });
    const group = kafka.unique("group");
    const all = await produceLetters(kafka, { dlq, count: 200 });
    const wanted = all.filter((_, at) => fingerprintOf(failureOf(at)) === MENDED);
    await using recording = await Recording.start();
    const settings = { CONCURRENCY: "4" };
    const plan = { minMs: 30, maxMs: 30 };
    const options = { topic, group, settings, plan, flags: { fingerprint: MENDED } };
    await using stopped = await recording.startRedrive(kafka, options);
    await recording.untilDone(10, { process: "p1", withinMs: WITHIN_MS });
    const { code } = await stopped.stop();
    assert.equal(code, 75);
    assert.equal(reportOf(stopped).ending, "stopped");
    await using next = await recording.startRedrive(kafka, options);
    assert.equal((await next.waitForExit(WITHIN_MS)).code, 0, "it need not wait for the first one");
    const starts = startsOf(await recording.handled());
    assert.equal(starts.length, wanted.length, "none twice");
    assert.deepEqual(
      new Set(starts.map(({ eventId }) => eventId)),
      new Set(wanted.map(({ eventId }) => eventId)),
    );
  },
);
