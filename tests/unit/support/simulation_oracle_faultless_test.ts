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
  ended,
  LIMITS,
  observed,
  PAUSED,
  processed,
  READOPTED_2,
  receipt,
  started,
  SUSPENDED,
} from "../../support/simulation_entries.ts";
import { judgeSimulation } from "../../support/simulation_oracle.ts";

const FAULTLESS: readonly { readonly name: string; readonly history: readonly Entry[] }[] = [
  {
    name: "a run without faults",
    history: [
      { kind: "asked", owner: 1 },
      ...ALL,
      ...[...done(1), ...done(0), observed(2), ...done(2), ...done(4), observed(5)],
      committed(5),
      { kind: "over" },
    ],
  },
  {
    name: "a retry, an attempt that is abandoned, and its late end",
    history: [
      ...ALL,
      ...[started(0), { kind: "abandoned", id: 0 } as const, { kind: "retried", id: 0 } as const],
      ...[started(0, 2), ended(0), ended(0, "ok", 2), processed(0), observed(1)],
    ],
  },
  {
    name: "dead letters that were acknowledged",
    history: [
      ...delivered([receipt(0), receipt(1, { is: "invalid" }), receipt(2, { is: "tombstone" })]),
      ...[started(0), ended(0, "permanent"), { kind: "letter", id: 0 } as const],
      ...[{ kind: "letter_failed", id: 0 } as const, { kind: "letter", id: 0 } as const],
      ...[{ kind: "stored", id: 0, letter: 7 } as const, deadLettered(0, 7)],
      ...[{ kind: "letter", id: 1 } as const, { kind: "stored", id: 1, letter: 8 } as const],
      ...[
        deadLettered(1, 8),
        { kind: "outcome", id: 2, outcome: "skipped", letter: null } as const,
      ],
    ],
  },
  {
    name: "a drain, with the message below its frontier that started later",
    history: [
      ...ALL,
      ...[...done(0), started(2), draining(), ...done(1), ended(2), processed(2), drained(true)],
    ],
  },
  {
    name: "a paused partition, which tries the first that is not done and holds no drain up",
    history: [
      ...[...ALL, started(0), PAUSED, draining(), drained(false, 5)],
      { kind: "resumed", owner: 1 },
      ...[ended(0), processed(0), ...done(1), { kind: "goes_on", owner: 1 } as const, started(4)],
    ],
  },
  {
    name: "a drain that ends at its deadline, late because a handler blocked",
    history: [
      ...ALL,
      ...[started(0), draining(), { kind: "passed", durationMs: 20 } as const, drained(false, 115)],
    ],
  },
  {
    name: "a partition that comes back, with what was done elsewhere",
    history: [
      ...[...ALL, SUSPENDED, COMMITTED_2, READOPTED_2],
      { kind: "outcome", id: 0, outcome: "elsewhere", letter: null },
      { kind: "outcome", id: 1, outcome: "elsewhere", letter: null },
      ...[observed(2), ...done(2)],
    ],
  },
  {
    name: "a drain of a partition that comes back, and that another drain holds up",
    history: [
      ...[...ALL, SUSPENDED, draining(), COMMITTED_2, READOPTED_2],
      { kind: "outcome", id: 0, outcome: "elsewhere", letter: null },
      { kind: "outcome", id: 1, outcome: "elsewhere", letter: null },
      ...[started(2), { kind: "draining", drain: 2, owners: [1], until: 300 } as const],
      drained(false, 100),
      ...[ended(2), processed(2), { ...drained(true), drain: 2 } as Entry],
    ],
  },
  {
    name: "what was lost before it could be read",
    history: [
      { kind: "lost", owner: 1, to: 2 },
      ...delivered([receipt(2), receipt(4)], { from: 2 }),
      ...[...done(2), ...done(4), observed(5)],
      committed(5),
      { kind: "over" },
    ],
  },
];

for (const { name, history } of FAULTLESS) {
  Deno.test(`judgeSimulation() finds nothing in ${name}`, () => {
    assert.deepEqual(judgeSimulation([...BEGIN, ...history], LIMITS), []);
  });
}
