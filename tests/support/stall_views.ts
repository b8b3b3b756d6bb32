/** Facts as the watchdog sees them when all is well: tests change what is not. */
import type { GroupView, PartitionView, ReadingView } from "../../src/ops/stall_cause.ts";
import type { HeldMessage } from "../../src/processing/standstill.ts";

export const GROUP: GroupView = {
  outage: null,
  refusal: null,
  isCoordinatorKnown: true,
  isJoining: false,
  hasLease: true,
  slowest: null,
  commitRefusal: null,
};

export const READING: ReadingView = {
  leader: "kafka:9092",
  isSettling: false,
  refusal: null,
  failure: null,
  isAnswering: true,
  isBeforeTransaction: false,
};

/** Owned, nothing held, and behind. */
export const PARTITION: PartitionView = {
  topic: "events",
  partition: 3,
  prefix: 10,
  committed: 10,
  caughtUpAt: -Infinity,
  isActive: true,
  paused: null,
  unreadable: null,
  first: null,
  reading: READING,
};

export const HELD: HeldMessage = {
  topic: "events",
  partition: 3,
  offset: 10,
  doing: "handling",
  attempt: 1,
  ageMs: 5_000,
  failure: null,
};
