/** What happens to handlers and to the machine: what they need is down, one never ends, the clock jumps. */
import { undisturbed } from "./faults.ts";
import { row } from "./table.ts";

const HOUR_MS = 3_600_000;
const HOLD_MS = 45_000;
const NORMAL_WITHIN_MS = 60_000;
const ATTEMPT_MS = 2_000;
const HANGS_AT = 100;

row({
  fault: "what the handlers write to is down for 45 s",
  expected: "back-pressure: memory stays, no dead letters, nobody joins again",
  bench: { plan: { onSignal: { SIGUSR2: { holdMs: HOLD_MS } } } },
}, async ({ bench }) => {
  await bench.fault("handlers wait", async () => {
    await undisturbed(bench, async () => {
      for (const place of bench.fleet.places) bench.fleet.signal(place, "SIGUSR2");
      await bench.goOn(HOLD_MS);
    });
    if (bench.ledger.deadLettered.length > 0) bench.addProblem("There are dead letters");
  }, { stallBoundMs: HOLD_MS + NORMAL_WITHIN_MS });
});

row({
  fault: "a handler that never ends",
  expected: "its deadline makes it a dead letter, other keys go on, nobody joins again",
  bench: {
    settings: { HANDLER_TIMEOUT_MS: String(ATTEMPT_MS), PROCESSING_MAX_ATTEMPTS: "2" },
    plan: { slowOffsets: { [HANGS_AT]: HOUR_MS } },
  },
}, async ({ bench }) => {
  await bench.fault("a handler hangs in each partition", async () => {
    await undisturbed(bench, async () => {
      const all = bench.partitions;
      const isOver = () => bench.ledger.deadLettered.length >= all;
      await bench.until("each is a dead letter", isOver, NORMAL_WITHIN_MS);
    });
  }, { stallBoundMs: ATTEMPT_MS });
});

row({
  fault: "the clock jumps by an hour, forth and back",
  expected: "nothing is noticed",
  bench: {
    plan: {
      onSignal: { SIGUSR1: { clockJumpMs: HOUR_MS }, SIGUSR2: { clockJumpMs: -HOUR_MS } },
    },
  },
}, async ({ bench }) => {
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGUSR2", "SIGUSR1"] as const) {
    await bench.fault(`${signal === "SIGUSR1" ? "+" : "-"}1 h`, async () => {
      await undisturbed(bench, async () => {
        for (const place of bench.fleet.places) bench.fleet.signal(place, signal);
        await bench.goOn(2_000);
      });
    }, { stallBoundMs: NORMAL_WITHIN_MS });
  }
});
