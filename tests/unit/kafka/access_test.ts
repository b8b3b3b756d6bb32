import assert from "node:assert/strict";
import { Access, isAccessError, WatchedCaller } from "../../../src/kafka/access.ts";
import { AuthenticationError, NoCredentialsError } from "../../../src/kafka/authentication.ts";
import { type Caller, ConnectionError, type Purpose } from "../../../src/kafka/connections.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import { CoordinatorError } from "../../../src/kafka/metadata.ts";
import { ownRequest } from "../../../src/kafka/protocol.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const RETRY_MS = 300_000;
const FORGET_MS = 60_000;
const {
  NONE,
  NOT_COORDINATOR,
  TOPIC_AUTHORIZATION_FAILED: NOT_THE_TOPIC,
  GROUP_AUTHORIZATION_FAILED: NOT_THE_GROUP,
} = ERROR_CODE;

/** What brokers answer next, and what is told of it. */
class Watched {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  isStarting = false;
  readonly access = new Access({
    clock: this.clock,
    retryMs: RETRY_MS,
    forgetMs: FORGET_MS,
    groupId: "g",
    context: { tls: false, sasl: "plain" },
    isStarting: () => this.isStarting,
    telemetry: {
      accessRefused: ({ reason }) => this.told.push(`refused: ${reason}`),
      accessGranted: ({ refusedMs }) => this.told.push(`granted after ${refusedMs}`),
    },
    onFinal: (reason) => this.told.push(`final: ${reason}`),
  });
  #next: unknown = null;
  readonly #caller: WatchedCaller;

  constructor() {
    const caller: Caller = {
      call: () => this.#next instanceof Error ? Promise.reject(this.#next) : this.#answer(),
      drop() {},
    };
    this.#caller = new WatchedCaller(caller, this.access);
    this.access.start();
  }

  /** One call that is answered so, or fails so. */
  async see(
    apiName: string,
    answer: unknown,
    { port = 9092, purpose = "fetch" }: { port?: number; purpose?: Purpose } = {},
  ): Promise<void> {
    this.#next = answer;
    const codec = { encode() {}, decode: () => null };
    const request = ownRequest(apiName, 0, [0, 0], codec);
    const to = { id: 1, host: "kafka", port };
    await this.#caller.call({ to, purpose, request, deadlineMs: 1 }).catch(() => {});
  }

  // deno-lint-ignore no-explicit-any
  #answer(): Promise<any> {
    return Promise.resolve(this.#next);
  }
}

function partition(errorCode: number) {
  return { partitions: [{ topic: "t", errorCode }] };
}

const REQUESTS: readonly {
  readonly apiName: string;
  readonly answer: (code: number) => object;
  readonly code: number;
  readonly says: string;
}[] = [
  {
    apiName: "Metadata",
    answer: (errorCode) => ({ topics: [{ name: "t", errorCode }] }),
    code: NOT_THE_TOPIC,
    says: "DESCRIBE topic t",
  },
  { apiName: "Fetch", answer: partition, code: NOT_THE_TOPIC, says: "READ topic t" },
  {
    apiName: "Produce",
    answer: (errorCode) => ({ topic: "t", errorCode }),
    code: NOT_THE_TOPIC,
    says: "WRITE topic t",
  },
  {
    apiName: "ListOffsets",
    answer: (errorCode) => ({ offsets: [{ topic: "t", errorCode }] }),
    code: NOT_THE_TOPIC,
    says: "DESCRIBE topic t",
  },
  {
    apiName: "OffsetForLeaderEpoch",
    answer: partition,
    code: NOT_THE_TOPIC,
    says: "DESCRIBE topic t",
  },
  { apiName: "OffsetCommit", answer: partition, code: NOT_THE_TOPIC, says: "READ topic t" },
  { apiName: "OffsetCommit", answer: partition, code: NOT_THE_GROUP, says: "READ group g" },
  { apiName: "OffsetFetch", answer: partition, code: NOT_THE_TOPIC, says: "DESCRIBE topic t" },
  {
    apiName: "OffsetFetch",
    answer: (errorCode) => ({ errorCode, partitions: [] }),
    code: NOT_THE_GROUP,
    says: "DESCRIBE group g",
  },
  ...[["FindCoordinator", "DESCRIBE"], ["JoinGroup", "READ"], ["SyncGroup", "READ"], [
    "Heartbeat",
    "READ",
  ]].map(([apiName = "", right]) => ({
    apiName,
    answer: (errorCode: number) => ({ errorCode }),
    code: NOT_THE_GROUP,
    says: `${right} group g`,
  })),
];

for (const { apiName, answer, code, says } of REQUESTS) {
  Deno.test(`Access tells once that ${apiName} was refused (${code}), and once that it is not any more`, async () => {
    const { access, clock, told, ...watched } = watch();
    for (const _ of "123") {
      await watched.see(apiName, answer(code));
      clock.pass(10_000);
    }
    assert.match(access.problem ?? "", new RegExp(`^Allow this user to ${says}, ${apiName} was`));
    await watched.see("Fetch", { partitions: [{ topic: "other", errorCode: NONE }] });
    assert.equal(told.length, 1);
    await watched.see(apiName, answer(NONE));
    assert.equal(access.problem, null);
    assert.deepEqual(told.slice(1), ["granted after 30000"]);
    await clock.advance(RETRY_MS);
    assert.equal(told.length, 2);
  });
}

Deno.test("Access takes a refusal for another reason as a yes to the right", async () => {
  const { told, ...watched } = watch();
  await watched.see("Heartbeat", { errorCode: NOT_THE_GROUP });
  await watched.see("Heartbeat", { errorCode: NOT_COORDINATOR });
  assert.deepEqual(told.slice(1), ["granted after 0"]);
});

Deno.test("Access says final when a refusal has lasted for AUTH_RETRY_MS", async () => {
  const { clock, told, ...watched } = watch();
  for (let passed = 0; passed <= RETRY_MS; passed += 10_000) {
    await watched.see("Fetch", partition(NOT_THE_TOPIC));
    await clock.advance(10_000);
  }
  assert.match(told[1] ?? "", /^final: Allow this user to READ topic t, .*AUTH_RETRY_MS: 300000$/);
});

Deno.test("Access forgets what nobody asks for any more", async () => {
  const { access, clock, told, ...watched } = watch();
  await watched.see("OffsetFetch", partition(NOT_THE_TOPIC));
  await clock.advance(FORGET_MS + 1);
  assert.equal(access.problem, null);
  await clock.advance(RETRY_MS);
  assert.equal(told.length, 1);
});

Deno.test("Access says final at once for a right that is missing at start", async () => {
  const watched = watch();
  watched.self.isStarting = true;
  await watched.see("JoinGroup", { errorCode: NOT_THE_GROUP });
  assert.match(watched.told[0] ?? "", /^final: Allow this user to READ group g, JoinGroup was/);
});

function refusedBy(port: number): AuthenticationError {
  return new AuthenticationError(`kafka:${port} refused the credentials`);
}

Deno.test("Access tells refused credentials once for all connections, and once that they are taken", async () => {
  const { access, told, ...watched } = watch();
  watched.self.isStarting = true; // a start looks at credentials before
  await watched.see("Fetch", refusedBy(1), { port: 1 });
  await watched.see("Heartbeat", refusedBy(2), { port: 2, purpose: "heartbeat" });
  await watched.see("Heartbeat", { errorCode: NONE }, { port: 1, purpose: "heartbeat" });
  assert.equal(told.length, 1);
  assert.match(access.problem ?? "", /^kafka:1 refused the credentials. Check KAFKA_SASL_USERNAME/);
  await watched.see("Fetch", partition(NONE), { port: 1 });
  assert.equal(told.length, 1);
  await watched.see("Heartbeat", { errorCode: NONE }, { port: 2, purpose: "heartbeat" });
  assert.deepEqual([told.length, access.problem], [2, null]);
});

Deno.test("Access never says final for want of a token, which may come at any time", async () => {
  const { clock, told, ...watched } = watch();
  for (let passed = 0; passed <= 2 * RETRY_MS; passed += 10_000) {
    await watched.see("Fetch", new NoCredentialsError("Cannot get a token"));
    await clock.advance(10_000);
  }
  assert.deepEqual(told.length, 1);
});

Deno.test("Access looks at nothing before the start has, and after the stop", async () => {
  const { access, told, ...watched } = watch();
  access.stop();
  await watched.see("Fetch", partition(NOT_THE_TOPIC));
  await watched.see("Fetch", refusedBy(1));
  assert.deepEqual([told, access.problem], [[], null]);
});

Deno.test("isAccessError() knows refusals of credentials and rights from broken connections", () => {
  const answered = (code: number) =>
    new ConnectionError("kafka:1: no", {
      broker: "kafka:1",
      cause: Object.assign(new Error("no"), { code }),
    });
  assert.ok(isAccessError(refusedBy(1)));
  assert.ok(isAccessError(new NoCredentialsError("")));
  assert.ok(isAccessError(new CoordinatorError("g", NOT_THE_GROUP)));
  assert.ok(isAccessError(answered(ERROR_CODE.ILLEGAL_SASL_STATE)));
  assert.ok(isAccessError(answered(ERROR_CODE.UNSUPPORTED_SASL_MECHANISM)));
  assert.ok(!isAccessError(answered(ERROR_CODE.UNSUPPORTED_VERSION)));
  assert.ok(!isAccessError(new ConnectionError("kafka:1: reset", { broker: "kafka:1" })));
  assert.ok(!isAccessError(new CoordinatorError("g", NOT_COORDINATOR)));
});

function watch() {
  const self = new Watched();
  const { access, clock, told } = self;
  return { self, access, clock, told, see: self.see.bind(self) };
}
