import assert from "node:assert/strict";
import {
  type GroupView,
  helpsRestart,
  nameCommitStall,
  nameStall,
  type PartitionView,
  type ReadingView,
  type StallCause,
} from "../../../src/ops/stall_cause.ts";
import type { HeldMessage } from "../../../src/processing/standstill.ts";
import { GROUP, HELD, PARTITION, READING } from "../../support/stall_views.ts";

interface Case {
  readonly when: string;
  readonly group?: Partial<GroupView>;
  readonly partition?: Partial<PartitionView>;
  readonly reading?: Partial<ReadingView>;
  readonly first?: Partial<HeldMessage>;
  readonly cause: StallCause;
  readonly reason: RegExp;
}

const REFUSED = { text: "TOPIC_AUTHORIZATION_FAILED (29)", isAuthorization: true };
const TIMEOUT = { code: "handler_timeout", message: "took longer than 60000 ms" };

const CASES: readonly Case[] = [
  {
    when: "no broker answers, whatever else is the matter",
    group: { outage: { text: "connection refused", isAuthentication: false }, hasLease: false },
    first: {},
    cause: "brokers_away",
    reason: /connection refused/,
  },
  {
    when: "the brokers refuse the credentials",
    group: { outage: { text: "refused the credentials", isAuthentication: true } },
    cause: "authentication",
    reason: /credentials/,
  },
  {
    when: "the leader alone refuses the credentials",
    reading: { failure: { text: "refused the credentials", kind: "authentication" } },
    cause: "authentication",
    reason: /credentials/,
  },
  {
    when: "the group refuses us for lack of rights",
    group: { refusal: REFUSED, isJoining: true, hasLease: false },
    cause: "authorization",
    reason: /AUTHORIZATION/,
  },
  {
    when: "the topic refuses us for lack of rights",
    reading: { refusal: REFUSED },
    cause: "authorization",
    reason: /AUTHORIZATION/,
  },
  {
    when: "no coordinator is found",
    group: { isCoordinatorKnown: false, isJoining: true, hasLease: false },
    cause: "coordinator_away",
    reason: /no coordinator/,
  },
  {
    when: "heartbeats are not answered, also with a message at work",
    group: { hasLease: false },
    first: {},
    cause: "coordinator_away",
    reason: /heartbeat/,
  },
  {
    when: "the partition was given up in a rebalance that does not end",
    group: { isJoining: true },
    partition: { isActive: false },
    first: {},
    cause: "joining",
    reason: /two generations/,
  },
  {
    when: "the committed offset cannot be asked for",
    partition: { prefix: null, committed: null, isActive: false },
    cause: "position_unknown",
    reason: /offset to begin at/,
  },
  {
    when: "its breaker is open, also with a message at work",
    partition: { paused: "600 of 1000 are dead letters" },
    first: {},
    cause: "paused",
    reason: /600 of 1000/,
  },
  {
    when: "the next batch cannot be read",
    partition: { unreadable: "codec 7" },
    cause: "unreadable_batch",
    reason: /codec 7/,
  },
  {
    when: "a dead letter cannot be written",
    first: { doing: "dead_lettering", failure: { code: "x", message: "topic is away" } },
    cause: "dead_letters_down",
    reason: /events\/3 offset 10 cannot be written: topic is away/,
  },
  {
    when: "a handler does not end",
    first: {},
    cause: "handler_stuck",
    reason: /events\/3 offset 10 does not end/,
  },
  {
    when: "a handler runs into its deadline again and again",
    first: { doing: "retrying", attempt: 4, failure: TIMEOUT },
    cause: "handler_stuck",
    reason: /offset 10 does not end/,
  },
  {
    when: "a handler fails again and again",
    first: { doing: "retrying", attempt: 4, failure: { code: "x", message: "no database" } },
    cause: "handler_failing",
    reason: /attempt 4: no database/,
  },
  {
    when: "another partition's handlers hold all the slots",
    group: { slowest: { ...HELD, partition: 8, offset: 77 } },
    first: { doing: "queued", attempt: 0, ageMs: null },
    cause: "handler_stuck",
    reason: /events\/8 offset 77/,
  },
  {
    when: "a message waits although there is a slot",
    first: { doing: "queued", attempt: 0, ageMs: null },
    cause: "not_started",
    reason: /nothing starts it/,
  },
  { when: "nobody leads", reading: { leader: null }, cause: "leader_away", reason: /no leader/ },
  {
    when: "the leader cannot be reached",
    reading: { failure: { text: "connection refused", kind: "away" } },
    cause: "leader_away",
    reason: /connection refused/,
  },
  {
    when: "the leader takes connections and leaves requests unanswered",
    reading: { failure: { text: "did not answer Fetch", kind: "silent" }, isAnswering: false },
    cause: "fetch_silent",
    reason: /did not answer Fetch/,
  },
  {
    when: "nothing has come and nothing has failed",
    reading: { isAnswering: false },
    cause: "fetch_silent",
    reason: /kafka:9092/,
  },
  {
    when: "the end of the log is being looked for",
    reading: { isSettling: true, isAnswering: false },
    cause: "position_unknown",
    reason: /begins and ends/,
  },
  {
    when: "the leader refuses for another reason",
    reading: { refusal: { text: "UNKNOWN_SERVER_ERROR (-1)", isAuthorization: false } },
    cause: "fetch_refused",
    reason: /UNKNOWN_SERVER_ERROR/,
  },
  {
    when: "a transaction is left open",
    reading: { isBeforeTransaction: true },
    cause: "transaction_open",
    reason: /transaction/,
  },
  {
    when: "the leader answers without messages",
    cause: "fetch_empty",
    reason: /without the messages/,
  },
];

for (const { when, group, partition, reading, first, cause, reason } of CASES) {
  Deno.test(`nameStall() names ${cause} when ${when}`, () => {
    const stall = nameStall({ ...GROUP, ...group }, {
      ...PARTITION,
      ...(first === undefined ? {} : { first: { ...HELD, ...first } }),
      reading: { ...READING, ...reading },
      ...partition,
    });
    assert.equal(stall.cause, cause);
    assert.match(stall.reason, reason);
  });
}

Deno.test("nameStall() blames no message and no leader while no broker answers", () => {
  const group = { ...GROUP, outage: { text: "connection refused", isAuthentication: false } };
  const away = nameStall(group, { ...PARTITION, first: HELD });
  assert.equal(away.cause, "brokers_away");
  const reading = { ...READING, isAnswering: false };
  assert.equal(nameStall(group, { ...PARTITION, reading }).cause, "brokers_away");
});

Deno.test("nameCommitStall() names what the coordinator says of a commit", () => {
  const refused = (text: string, isAuthorization: boolean) =>
    nameCommitStall({ ...GROUP, commitRefusal: { text, isAuthorization } }, PARTITION);
  assert.equal(refused("INVALID_COMMIT_OFFSET_SIZE (28)", false).cause, "commit_refused");
  assert.match(refused("INVALID_COMMIT_OFFSET_SIZE (28)", false).reason, /INVALID_COMMIT/);
  assert.equal(refused("GROUP_AUTHORIZATION_FAILED (30)", true).cause, "authorization");
  assert.equal(nameCommitStall(GROUP, PARTITION).cause, "commit_refused");
});

Deno.test("nameCommitStall() blames commits only while heartbeats succeed and the group is stable", () => {
  const causes = [{ isJoining: true }, { hasLease: false }, {
    isCoordinatorKnown: false,
    hasLease: false,
  }]
    .map((group) => nameCommitStall({ ...GROUP, ...group }, PARTITION).cause);
  assert.deepEqual(causes, ["joining", "coordinator_away", "coordinator_away"]);
});

Deno.test("helpsRestart() is true for four causes alone", () => {
  const causes = new Set([...CASES.map(({ cause }) => cause), "commit_refused" as const]);
  const helped = [...causes].filter(helpsRestart).sort();
  assert.deepEqual(helped, ["commit_refused", "fetch_silent", "handler_stuck", "not_started"]);
});
