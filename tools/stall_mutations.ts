/** Guards of the watchdog, taken out one at a time: a part of mutations.ts. */
import type { Mutation, NamedTest } from "./mutations.ts";

const WATCHDOG = "src/ops/watchdog.ts";

export const STALL_MUTATIONS: readonly Mutation[] = [
  {
    guard: "the process ends only where a restart helps",
    file: WATCHDOG,
    from: "if (isLong && helpsRestart(stall.cause)) {",
    to: "if (isLong) {",
    tests: [
      inWatchdog(
        "Watchdog never ends the service where a restart does not help, and says so once more",
      ),
    ],
  },
  {
    guard: "a partition that stands still ends the process where a restart helps",
    file: WATCHDOG,
    from: "if (isLong && helpsRestart(stall.cause)) {",
    to: "if (isLong && hardMs < 0) {",
    tests: [
      inWatchdog("Watchdog ends the service after STALL_HARD_MS where a restart can help, once"),
    ],
  },
  {
    guard: "the time in which the process was frozen does not count",
    file: WATCHDOG,
    from: "        track.movedAt += lateMs;\n",
    to: "",
    tests: [inWatchdog("Watchdog does not count the time in which the process was frozen")],
  },
  {
    guard: "what holds up everything is named before what holds up a partition",
    file: "src/ops/stall_cause.ts",
    from: "const general = nameOutage(group) ?? nameMembership(group, partition);",
    to: "const general = nameMembership(group, partition);",
    tests: [{
      file: "tests/unit/ops/stall_cause_test.ts",
      name: "nameStall() blames no message and no leader while no broker answers",
    }],
  },
];

function inWatchdog(name: string): NamedTest {
  return { file: "tests/unit/ops/watchdog_test.ts", name };
}
