import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Call } from "../../../src/kafka/connections.ts";
import { Coordinator } from "../../../src/kafka/coordinator.ts";
import { ERROR_CODE } from "../../../src/kafka/error_codes.ts";
import { type GroupListener, PROTOCOLS } from "../../../src/kafka/generation.ts";
import { Membership } from "../../../src/kafka/membership.ts";
import { encodeAssignment } from "../../../src/kafka/subscription.ts";
import type { TopicPartition } from "../../../src/processing/message.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingCaller } from "../../support/recording_caller.ts";

const BROKER = { id: 1, host: "broker-1", port: 9092 };
const OWNED = [{ topic: "t", partition: 0 }];
const SESSION_MS = 10_000;

/** A member, and a coordinator that takes it in. */
class MemberBench {
  readonly clock = new ManualClock({ microtaskRounds: 40 });
  readonly caller = new RecordingCaller();
  readonly lost: string[] = [];
  /** Error codes by request, each for one answer. */
  readonly codes: Record<string, number[]> = {};
  generationId = 0;
  leaderId = "other";
  partitions: readonly number[] = [0];
  /** What DescribeGroups tells that the members have; null: no answer. */
  given: readonly TopicPartition[] | null = OWNED;
  readonly membership: Membership;
  readonly #running: Promise<void>;

  constructor(groupInstanceId: string | null = null, protocols: readonly string[] = PROTOCOLS) {
    this.caller.answer = (call) => this.answer(call);
    const coordinator = new Coordinator({
      caller: this.caller,
      clock: this.clock,
      lookUp: () => Promise.resolve(BROKER),
      onFailed() {},
    });
    const listener: GroupListener = {
      owned: () => OWNED,
      onRevoked: () => Promise.resolve(),
      onRebalance: () => Promise.resolve(),
      onAssigned() {},
      onLost: (reason) => this.lost.push(reason),
      onLease() {},
      onJoined() {},
      onRefused() {},
    };
    this.membership = new Membership({
      caller: this.caller,
      coordinator,
      clock: this.clock,
      groupId: "group",
      groupInstanceId,
      topics: ["t"],
      protocols,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 30_000,
      heartbeatIntervalMs: 2_000,
      metadata: { refresh: () => Promise.resolve(), partitionsOf: () => this.partitions },
      listener,
    });
    this.#running = this.membership.run();
  }

  answer({ request }: Call<unknown>): unknown {
    const errorCode = this.codes[request.apiName]?.shift() ?? ERROR_CODE.NONE;
    if (request.apiName === "JoinGroup") {
      this.generationId += 1;
      const { generationId } = this;
      const member = { leaderId: this.leaderId, memberId: "member", members: [] };
      return { errorCode, generationId, groupProtocol: "cooperative-sticky", ...member };
    }
    if (request.apiName === "SyncGroup") {
      return { errorCode, memberAssignment: Buffer.from(encodeAssignment(OWNED)) };
    }
    if (request.apiName === "DescribeGroups") {
      if (this.given === null) return Promise.reject(new Error("no answer"));
      return { errorCode, members: [{ assignment: Buffer.from(encodeAssignment(this.given)) }] };
    }
    return { errorCode };
  }

  calls(apiName: string): Call<unknown>[] {
    return this.caller.calls.filter(({ request }) => request.apiName === apiName);
  }

  async leave(): Promise<void> {
    await this.membership.leave();
    await this.clock.advance(0);
    await this.#running;
    assert.equal(this.clock.pending, 0);
  }
}

Deno.test("Membership sends heartbeats over a connection of their own, by a clock of their own", async () => {
  const bench = new MemberBench();
  await bench.clock.advance(10_000);
  const heartbeats = bench.calls("Heartbeat");
  assert.ok(heartbeats.length >= 5, `${heartbeats.length} heartbeats`);
  assert.deepEqual([...new Set(heartbeats.map(({ purpose }) => purpose))], ["heartbeat"]);
  assert.deepEqual(bench.calls("JoinGroup").map(({ purpose }) => purpose), ["group"]);
  await bench.leave();
});

Deno.test("Membership leaves a heartbeat without an answer time for another one within the session", async () => {
  const bench = new MemberBench();
  await bench.clock.advance(2_500);
  const deadlines = bench.calls("Heartbeat").map(({ deadlineMs }) => deadlineMs);
  assert.ok(deadlines.length > 0);
  assert.ok(deadlines.every((ms) => ms <= SESSION_MS * 0.6), `${deadlines}`);
  await bench.leave();
});

Deno.test("Membership keeps what it owns when a coordinator does not know the generation that was beginning", async () => {
  const bench = new MemberBench();
  await bench.clock.advance(500);
  bench.codes["Heartbeat"] = [ERROR_CODE.REBALANCE_IN_PROGRESS];
  bench.codes["SyncGroup"] = [ERROR_CODE.ILLEGAL_GENERATION];
  await bench.clock.advance(5_000);
  assert.deepEqual(bench.lost, []);
  assert.equal(bench.membership.generation?.id, 3);
  assert.equal(bench.membership.lease.holds, true);
  await bench.leave();
});

Deno.test("Membership holds its lease from when its assignment was asked for, however late the answer", async () => {
  const bench = new MemberBench();
  const synced = Promise.withResolvers<unknown>();
  bench.caller.answer = (call) =>
    call.request.apiName === "SyncGroup"
      ? synced.promise
      : call.request.apiName === "Heartbeat"
      ? new Promise(() => {})
      : bench.answer(call);
  await bench.clock.advance(SESSION_MS);
  synced.resolve({ errorCode: 0, memberAssignment: Buffer.from(encodeAssignment(OWNED)) });
  await bench.clock.settle();
  assert.equal(bench.membership.generation?.id, 1);
  assert.equal(bench.membership.lease.holds, false);
});

Deno.test("Membership that led before it was restarted, and was not told so, joins again only for partitions that nobody has", async () => {
  const led = `one-${crypto.randomUUID()}`;
  const cases = [
    { leaderId: led, given: OWNED, joins: 1 },
    { leaderId: led, given: [{ topic: "foreign", partition: 0 }], joins: 2 },
    { leaderId: led, given: null, joins: 2 },
    { leaderId: `one-two-${crypto.randomUUID()}`, given: [], joins: 1 },
    { leaderId: "another member", given: [], joins: 1 },
  ];
  for (const { leaderId, given, joins } of cases) {
    const bench = new MemberBench("one");
    bench.leaderId = leaderId;
    bench.given = given;
    await bench.clock.advance(3_000);
    assert.equal(bench.calls("JoinGroup").length, joins, JSON.stringify({ leaderId, given }));
    await bench.leave();
  }
});

Deno.test("Membership that led before it was restarted joins again when partitions come later", async () => {
  const bench = new MemberBench("one");
  bench.leaderId = `one-${crypto.randomUUID()}`;
  await bench.clock.advance(3_000);
  bench.partitions = [0, 1];
  bench.membership.onMetadataChange();
  await bench.clock.advance(3_000);
  assert.equal(bench.calls("JoinGroup").length, 2);
  await bench.leave();
});

Deno.test("Membership offers the assignors that it is given, and no other", async () => {
  for (const protocols of [undefined, ["of-one-member"]]) {
    const bench = new MemberBench(null, protocols);
    await bench.clock.advance(0);
    const [join] = bench.calls("JoinGroup");
    assert.ok(join);
    const { request } = join;
    const sent = (await request.encode(request.maxVersion).encode()).buffer.toString("latin1");
    const names = [...PROTOCOLS, "of-one-member"].filter((name) => sent.includes(name));
    assert.deepEqual(names, protocols ?? PROTOCOLS);
    await bench.leave();
  }
});
