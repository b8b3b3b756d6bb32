/** A redrive that was frozen until another one took over leaves the rest to it, and takes back nothing that it did. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { fingerprintOf } from "../../src/processing/fingerprint.ts";
import { deadLetters, letterRecord } from "../support/dead_letters.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import { type HandlerPlan, Recording } from "../support/recording.ts";
import { assertRepeats, commitsOf } from "../support/redrive_repeats.ts";

const MENDED = { stage: "handle", code: "no_user", message: "No such user" } as const;
const OTHER = { stage: "handle", code: "no_page", message: "No such page" } as const;
const COUNT = 80;
const SESSION_MS = 2_000;
const COMMIT_EVERY_MS = 200;
const HANDLER_MS = 50;
const CONCURRENCY = 4;
const WITHIN_MS = 60_000;
/** A process can be frozen between its last look at the lease and the call of the handler. */
const BETWEEN_LOOK_AND_CALL_MAX = 1;

/** Letters of one cause, and from `othersFrom` on every other one of another cause. */
class FrozenRedrives implements AsyncDisposable {
  readonly #kafka: EmbeddedKafka;
  readonly recording: Recording;
  readonly client: KafkaClient;
  readonly settings: Readonly<Record<string, string>>;

  private constructor(kafka: EmbeddedKafka, recording: Recording) {
    this.#kafka = kafka;
    this.recording = recording;
    this.client = new KafkaClient(kafka.bootstrap);
    this.settings = {
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: "events",
      KAFKA_GROUP_ID: "group",
    };
  }

  static async start(
    { othersFrom = Infinity }: { readonly othersFrom?: number } = {},
  ): Promise<FrozenRedrives> {
    const kafka = await EmbeddedKafka.start({ topics: { events: 1, "events.dlq": 1 } });
    const redrives = new FrozenRedrives(kafka, await Recording.start());
    const letters = events({ seed: 6, count: COUNT }).map(({ key, value }, at) => {
      const failure = at >= othersFrom && at % 2 === 1 ? OTHER : MENDED;
      const source = { topic: "events", partition: 0, offset: at };
      return letterRecord({ source, key, value, failure });
    });
    await redrives.client.produce("events.dlq", letters);
    return redrives;
  }

  async redrive(
    options: { readonly plan?: HandlerPlan; readonly failure?: typeof OTHER | typeof MENDED } = {},
  ) {
    const { plan = { minMs: HANDLER_MS, maxMs: HANDLER_MS }, failure = MENDED } = options;
    return await this.recording.startRedrive(this.#kafka, {
      topic: "events",
      group: "group",
      plan,
      flags: { fingerprint: fingerprintOf(failure) },
      settings: {
        SESSION_TIMEOUT_MS: String(SESSION_MS),
        HEARTBEAT_INTERVAL_MS: String(SESSION_MS / 5),
        AUTO_COMMIT_INTERVAL_MS: String(COMMIT_EVERY_MS),
        CONCURRENCY: String(CONCURRENCY),
        LOG_LEVEL: "debug",
      },
    });
  }

  /** The group has taken the frozen one's place away. */
  async untilFree(): Promise<void> {
    const members = () =>
      this.client.describeGroup("group.redrive").then(({ members }) => members.length);
    const until = (count: number) => count === 0;
    await eventually("it is no member", members, { withinMs: WITHIN_MS, until });
  }

  async left(): Promise<number> {
    const { printed } = await deadLetters(["list", "--json"], this.settings);
    return JSON.parse(printed).count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.recording[Symbol.asyncDispose]();
    await this.#kafka.close();
  }
}

Deno.test("a redrive that was frozen while another one took over ends and names it, and does nothing again", async () => {
  await using redrives = await FrozenRedrives.start();
  const { recording } = redrives;
  const gate = Promise.withResolvers<void>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
    await gate.promise;
    return new Response();
  });
  await using frozen = await redrives.redrive();
  await recording.untilDone(30, { process: "p1", withinMs: WITHIN_MS });
  frozen.signal("SIGSTOP");
  const first = await recording.of("p1");
  await redrives.untilFree();
  const calls = `http://127.0.0.1:${server.addr.port}/`;
  await using second = await redrives.redrive({ plan: { calls } });
  await recording.untilStarted(CONCURRENCY, { process: "p2", withinMs: WITHIN_MS });
  frozen.signal("SIGCONT");

  const { code } = await frozen.waitForExit(WITHIN_MS);
  const said = frozen.stderr.at(-1) ?? "";
  assert.equal(code, 75, said);
  assert.match(said, /^Leave the rest to the redrive that took over: \S+ at \S+ since \d{4}-/);
  gate.resolve();
  assert.equal((await second.waitForExit(WITHIN_MS)).code, 0, second.stderr.join("\n"));

  const again = (await recording.of("p2")).filter(({ kind }) => kind === "start");
  const pace = { concurrency: CONCURRENCY, commitEveryMs: COMMIT_EVERY_MS, handlerMs: HANDLER_MS };
  assertRepeats(again, { first, commits: commitsOf(frozen), ...pace });
  const woken = (await recording.of("p1")).slice(first.length);
  const begun = woken.filter(({ kind }) => kind === "start");
  assert.ok(begun.length <= BETWEEN_LOOK_AND_CALL_MAX, `${begun.length} begun after it woke`);
  const done = (await recording.handled()).filter(({ kind }) => kind === "done");
  assert.equal(new Set(done.map(({ eventId }) => eventId)).size, COUNT);
  assert.equal(await redrives.left(), 0);
});

Deno.test("a redrive that was frozen while another one did letters of another cause goes on, and those stay done", async () => {
  await using redrives = await FrozenRedrives.start({ othersFrom: COUNT / 2 });
  const { recording } = redrives;
  await using frozen = await redrives.redrive();
  await recording.untilDone(10, { process: "p1", withinMs: WITHIN_MS });
  frozen.signal("SIGSTOP");
  await redrives.untilFree();
  await using second = await redrives.redrive({ plan: {}, failure: OTHER });
  assert.equal((await second.waitForExit(WITHIN_MS)).code, 0, second.stderr.join("\n"));
  frozen.signal("SIGCONT");
  assert.equal((await frozen.waitForExit(WITHIN_MS)).code, 0, frozen.stderr.join("\n"));
  const done = (await recording.handled()).filter(({ kind }) => kind === "done");
  assert.equal(new Set(done.map(({ eventId }) => eventId)).size, COUNT);
  assert.equal(await redrives.left(), 0, "no mark of the other one is lost");
});
