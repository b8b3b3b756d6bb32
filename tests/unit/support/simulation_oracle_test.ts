import assert from "node:assert/strict";
import type { Entry } from "../../support/simulation_history.ts";
import {
  ALL,
  BEGIN,
  committed,
  COMMITTED_2,
  deadLettered,
  delivered,
  done,
  drained,
  draining,
  DROPPED,
  ended,
  HELD,
  LIMITS,
  NO_LEASE,
  observed,
  OF_ONE,
  PAUSED,
  processed,
  READOPTED_2,
  receipt,
  started,
  SUSPENDED,
} from "../../support/simulation_entries.ts";
import { judgeSimulation } from "../../support/simulation_oracle.ts";

const FAULTY: readonly {
  readonly history: readonly Entry[];
  /** The last violation. */
  readonly found: string;
  /** Tells those apart that are found alike. */
  readonly when?: string;
}[] = [
  { history: [{ kind: "over" }], found: "Lost of t/0: 0, 1, 2, 4" },
  {
    history: [...ALL, COMMITTED_2, { kind: "over" }],
    found: "Never had an outcome (receipt 4, offset 4)",
  },
  { history: [{ kind: "defect", text: "?" }], found: "The core broke: ?" },
  {
    history: delivered([receipt(2)], { from: 2 }),
    found: "A delivery was taken wrongly",
    when: "at another position",
  },
  { history: delivered([receipt(0)], { isTaken: false }), found: "A delivery was dropped wrongly" },
  {
    history: [SUSPENDED, ...delivered([receipt(0)])],
    found: "A delivery was taken wrongly",
    when: "while suspended",
  },
  {
    history: [DROPPED, ...delivered([receipt(0)])],
    found: "A delivery was taken wrongly",
    when: "while dropped",
  },
  {
    history: [...ALL, { kind: "asked", owner: 1 }],
    found: "More was wanted with a full window: 4 messages, 40 bytes",
  },
  {
    history: [...delivered([receipt(0, { bytes: 1_000 })]), { kind: "asked", owner: 1 }],
    found: "More was wanted with a full window: 1 messages, 1000 bytes",
  },
  { history: [draining(), { kind: "asked", owner: 1 }], found: "More was wanted while draining" },
  { history: [...ALL, ...done(1), observed(2)], found: "Prefix 2 passed offset 0" },
  {
    history: [...ALL, ...done(0), observed(1), observed(0)],
    found: "Prefix went back from 1 to 0",
  },
  { history: [observed(1, 0)], found: "Prefix 1 passed offset 0" },
  { history: [...ALL, observed(0, 4)], found: "Position is 4 and should be 5" },
  {
    history: [...ALL, ...done(1), committed(2)],
    found: "Commit 2 of t/0 passed offset 0",
  },
  {
    history: [COMMITTED_2, committed(1)],
    found: "Commit of t/0 went back from 2 to 1",
  },
  {
    history: [...ALL, ...done(1), committed(0, [{ first: 1, last: 2 }])],
    found: "Commit of t/0 says that 2 is done",
  },
  {
    history: [SUSPENDED, { kind: "offered", owner: 1 }],
    found: "A commit was offered while suspended",
  },
  {
    history: [...delivered(OF_ONE), started(1)],
    found: "A handler was called before offset 0 of its key (receipt 1, offset 1)",
  },
  {
    history: [...ALL, started(0), started(0, 2)],
    found: "Two attempts overlap (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), ended(0, "failed"), started(0, 1)],
    found: "Attempt 1 follows 1 (receipt 0, offset 0)",
  },
  {
    history: [
      ...ALL,
      started(0),
      ended(0, "failed"),
      started(0, 2),
      ended(0, "failed", 2),
      started(0, 3),
    ],
    found: "Attempt 3 follows 2 (receipt 0, offset 0)",
  },
  { history: [...ALL, started(0), started(1), started(2)], found: "3 run at once" },
  {
    history: [...ALL, NO_LEASE, started(0)],
    found: "A handler was called without the lease (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), ended(0, "permanent"), NO_LEASE, { kind: "letter", id: 0 }],
    found: "A dead letter was sent without the lease (receipt 0, offset 0)",
  },
  {
    history: [...ALL, SUSPENDED, started(0)],
    found: "A handler was called while suspended (receipt 0, offset 0)",
  },
  {
    history: [...ALL, DROPPED, started(0)],
    found: "A handler was called while dropped (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), DROPPED, ended(0), processed(0)],
    found: "processed after the partition was gone (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), ended(0, "failed"), DROPPED, { kind: "retried", id: 0 }],
    found: "retried after the partition was gone (receipt 0, offset 0)",
  },
  {
    history: [...ALL, ...done(0), started(0, 2)],
    found: "A handler was called after the outcome (receipt 0, offset 0)",
  },
  {
    history: [...ALL, ...done(0), processed(0)],
    found: "Second outcome: processed (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), processed(0)],
    found: "processed without a reason (receipt 0, offset 0)",
  },
  {
    history: [
      ...ALL,
      started(0),
      ended(0, "failed"),
      { kind: "stored", id: 0, letter: 7 },
      deadLettered(0, 7),
    ],
    found: "dead_lettered without a reason (receipt 0, offset 0)",
  },
  {
    history: [
      ...ALL,
      started(0),
      ended(0, "permanent"),
      { kind: "letter", id: 0 },
      deadLettered(0, 7),
    ],
    found: "dead_lettered without an acknowledgement (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), ended(0, "permanent"), deadLettered(0, null)],
    found: "dead_lettered without an acknowledgement (receipt 0, offset 0)",
    when: "and none was sent",
  },
  {
    history: [...ALL, { kind: "outcome", id: 0, outcome: "elsewhere", letter: null }],
    found: "elsewhere without a reason (receipt 0, offset 0)",
  },
  {
    history: [...ALL, SUSPENDED, COMMITTED_2, READOPTED_2, started(1)],
    found: "A handler was called for what was done elsewhere (receipt 1, offset 1)",
  },
  {
    history: [...ALL, PAUSED, ...done(0), started(2)],
    found: "A handler was called while paused (receipt 2, offset 2)",
  },
  {
    history: [...ALL, HELD, started(0)],
    found: "A handler was called while held still (receipt 0, offset 0)",
  },
  { history: [HELD, { kind: "asked", owner: 1 }], found: "More was wanted while held still" },
  {
    history: [...ALL, started(0), draining(), started(1)],
    found: "A handler was called above the frontier 0 (receipt 1, offset 1)",
  },
  {
    history: [...ALL, started(0), draining(), drained(true)],
    found: "Drain 1 left something (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), draining(), drained(false)],
    found: "Drain 1 gave up early (receipt 0, offset 0)",
  },
  {
    history: [...ALL, started(0), draining(), drained(false, 101)],
    found: "Drain 1 ended 1 ms too late",
  },
  { history: [...ALL, draining(), drained(false, 100)], found: "Drain 1 waited for nothing" },
  { history: [draining(), COMMITTED_2, { kind: "over" }], found: "Drain 1 never ended" },
  { history: [drained(true)], found: "Drain 1 ended and never began" },
];

for (const { history, found, when = "" } of FAULTY) {
  Deno.test(`judgeSimulation() finds: ${[found, when].join(" ").trimEnd()}`, () => {
    const violations = judgeSimulation([...BEGIN, ...history], LIMITS);
    assert.equal(violations.at(-1)?.replace(/^entry \d+: /, ""), found);
  });
}

Deno.test("judgeSimulation() allows a dropped dead letter only with DLQ_TOPIC=none", () => {
  const history = [...BEGIN, ...delivered([receipt(0, { is: "invalid" })]), deadLettered(0, null)];
  assert.deepEqual(judgeSimulation(history, { ...LIMITS, hasDeadLetters: false }), []);
});
