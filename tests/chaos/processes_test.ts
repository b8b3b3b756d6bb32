/** What happens to processes of the service: ended, killed, frozen, blocked, replaced. */
import { SESSION_MS } from "./bench_options.ts";
import { BLOCK, FREEZE, SIGKILL, SIGTERM } from "./faults.ts";
import { row } from "./table.ts";

const STATIC_STALL_MS = 2_000;
const COME_AND_GO_MS = 60_000;
const STEP_MS = 1_000;
const PROGRESS_MS = 10_000;
const EXTRA_PLACE = 4;

row({
  fault: "SIGKILL of a process",
  expected: `the others go on, its partitions are taken over within the session and 3 s`,
  isShort: true,
}, async ({ repeat }) => {
  await repeat(SIGKILL, 6);
});

row({
  fault: "SIGTERM to a process",
  expected: "exit 0 in time, nothing waits for the session, a thousandth is repeated at most",
  isShort: true,
}, async ({ repeat }) => {
  await repeat(SIGTERM, 20, 2);
});

row({
  fault: "SIGSTOP of a process for two sessions",
  expected: "others take over; when it wakes it commits nothing and starts nothing before it joins",
  isShort: true,
}, async ({ repeat }) => {
  await repeat(FREEZE, 2);
});

row({
  fault: "an event loop that is blocked for two sessions",
  expected: "others take over, then it joins again",
  bench: { plan: { onSignal: { SIGUSR2: { blockMs: 2 * SESSION_MS } } } },
}, async ({ repeat }) => {
  await repeat(BLOCK, 2);
});

row({
  fault: "SIGKILL of a static member",
  expected: "it has its partitions back within 2 s, nobody else notices",
  bench: { isStatic: true },
}, async ({ repeat }) => {
  await repeat({ ...SIGKILL, stallBoundMs: STATIC_STALL_MS }, 5);
});

row({
  fault: "a member that joins and leaves every second",
  expected: "every partition moves each 10 s, a thousandth is repeated at most",
}, async ({ bench, isShort }) => {
  const options = { repeats: "graceful", stallBoundMs: PROGRESS_MS } as const;
  await bench.fault("a member comes and goes", async () => {
    const endsAt = Date.now() + (isShort ? COME_AND_GO_MS / 4 : COME_AND_GO_MS);
    while (Date.now() < endsAt) {
      await bench.fleet.start(EXTRA_PLACE);
      await bench.goOn(2 * STEP_MS);
      await bench.fleet.terminate(EXTRA_PLACE);
      await bench.goOn(STEP_MS);
    }
  }, options);
});

row({
  fault: "a rolling change of the topics",
  expected: "every partition is always somebody's, whatever the members subscribe to",
}, async ({ bench }) => {
  const other = `${bench.topic}-other`;
  await bench.cluster.createTopic(other, 3);
  for (const place of bench.fleet.places) {
    await bench.fault("a member with another topic more", async () => {
      await bench.fleet.terminate(place);
      await bench.fleet.start(place, { KAFKA_TOPIC: `${bench.topic},${other}` });
    }, { repeats: "graceful", stallBoundMs: PROGRESS_MS });
  }
});
