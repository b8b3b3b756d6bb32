/** Dead letters as the page of a service with many causes would be told of them. */
import type { DeadLettersDocument } from "../../src/ops/http/dead_letters.ts";

const NOW = Date.UTC(2024, 0, 15, 10, 30);
const HOUR_MS = 3_600_000;

const REDRIVE: DeadLettersDocument["redrive"] = {
  by: "ann",
  fingerprint: "8ff24198ff",
  startedAt: NOW - 2_000,
  endedAt: null,
  state: "running",
  taken: 700,
  processed: 678,
  skipped: 1,
  returned: 2,
  parked: 3,
  ending: null,
  problem: null,
};

/** Two causes, both rehearsed, and one of them being redriven. */
export function madeUpDeadLetters(): DeadLettersDocument {
  return {
    topics: ["user-activity-events.dlq"],
    problem: null,
    look: {
      at: NOW,
      isComplete: false,
      count: 12_345,
      settled: 678,
      moreCauses: 3,
      causes: [
        {
          fingerprint: "8ff24198ff",
          stage: "validate",
          code: "schema_mismatch",
          reason: "user_id: expected string, received number",
          count: 12_000,
          firstAt: NOW - 30 * HOUR_MS,
          lastAt: NOW - 1_000,
          replays: 2,
          trend: Array.from({ length: 24 }, (_, hour) => hour * hour),
          samples: [0, 1, 2, 3, 4_711].map((offset) => ({
            topic: "user-activity-events.dlq",
            partition: 3,
            offset,
          })),
        },
        {
          fingerprint: null,
          stage: null,
          code: null,
          reason: null,
          count: 345,
          firstAt: null,
          lastAt: null,
          replays: 0,
          trend: new Array(24).fill(0),
          samples: [],
        },
      ],
    },
    redrive: REDRIVE,
    rehearsal: {
      by: "ann",
      fingerprint: null,
      startedAt: NOW - 2_000,
      endedAt: NOW - 1_000,
      isComplete: true,
      problem: null,
      count: 12_345,
      causes: [
        { fingerprint: "8ff24198ff", count: 12_000, passes: 11_990, valid: 0, fails: 10, never: 0 },
        { fingerprint: null, count: 345, passes: 0, valid: 300, fails: 0, never: 45 },
      ],
      failures: [{
        fingerprint: "8ff24198ff",
        stage: "validate",
        code: "schema_mismatch",
        reason: "user_id: expected string, received number",
        count: 10,
        sample: { topic: "user-activity-events.dlq", partition: 3, offset: 7 },
      }],
    },
  };
}
