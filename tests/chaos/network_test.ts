/** What happens to the network between the service and the brokers, by a proxy for each broker. */
import type { TcpProxy } from "../support/tcp_proxy.ts";
import type { Bench } from "./bench.ts";
import { SESSION_MS } from "./bench_options.ts";
import { undisturbed } from "./faults.ts";
import { row } from "./table.ts";

const AWAY_MS = 30_000;
const SHORT_CUT_MS = 15_000;
const LONG_CUT_MS = 60_000;
const RETURN_MS = 5_000;
const COORDINATOR_RETURN_MS = 15_000;
const SLOW_FOR_MS = 40_000;
const RESET_PAUSE_MS = 2_000;
const RESETS = 10;
const DELAY_MS = 100;
const LOSS_SHARE = 0.01;
const BYTES_PER_SECOND = 3_000_000 / 8;

row({
  fault: "one process is cut off from all brokers for 30 s, by RST",
  expected: "others take over within the session and 5 s, it comes back clean",
  bench: { firstRoute: "ALONE" },
}, async ({ bench }) => {
  await awayFor(bench, async (proxies) => {
    for (const proxy of proxies) await proxy.cut();
  });
});

row({
  fault: "one process is cut off from all brokers for 30 s, silently",
  expected: "others take over within the session and 5 s, it comes back clean",
  bench: { firstRoute: "ALONE" },
}, async ({ bench }) => {
  await awayFor(bench, (proxies) => {
    for (const proxy of proxies) proxy.stall();
  });
});

row({
  fault: "no process gets through to one leader for 15 s, silently",
  expected: "other partitions go on, its own within 5 s of the end",
  bench: { route: "PROXIED" },
}, async ({ bench }) => {
  const coordinator = await bench.cluster.coordinatorOf(bench.group);
  const leader = await bench.cluster.otherThan(coordinator);
  await bench.fault("half-open to a leader", async () => {
    await undisturbed(bench, () => stallNode(bench, leader, SHORT_CUT_MS));
  }, { stallBoundMs: SHORT_CUT_MS + RETURN_MS });
});

row({
  fault: "no process gets through to the coordinator for 15 s, silently",
  expected: "all goes on within 15 s of the end",
  bench: { route: "PROXIED" },
}, async ({ bench }) => {
  await coordinatorCut(bench, SHORT_CUT_MS);
});

row({
  fault: "no process gets through to the coordinator for 60 s, silently",
  expected: "all goes on within 15 s of the end",
  bench: { route: "PROXIED" },
}, async ({ bench }) => {
  await coordinatorCut(bench, LONG_CUT_MS);
});

row({
  fault: "100 ms latency, 1 % loss, 3 Mbit/s",
  expected: "slower, nobody joins again",
  bench: { route: "PROXIED" },
}, async ({ bench }) => {
  await bench.fault("a slow network", async () => {
    await undisturbed(bench, async () => {
      for (const proxy of bench.cluster.proxies("PROXIED")) {
        proxy.delay(DELAY_MS);
        proxy.lose(LOSS_SHARE);
        proxy.limit(BYTES_PER_SECOND);
      }
      await bench.goOn(SLOW_FOR_MS);
    });
  }, { stallBoundMs: RETURN_MS });
});

row({
  fault: "all connections are reset every 2 s",
  expected: "they are made anew, nobody joins again",
  bench: { route: "PROXIED" },
}, async ({ bench }) => {
  await bench.fault("connections are reset", async () => {
    await undisturbed(bench, async () => {
      for (let times = 0; times < RESETS; times += 1) {
        for (const proxy of bench.cluster.proxies("PROXIED")) proxy.reset();
        await bench.goOn(RESET_PAUSE_MS);
      }
    });
  }, { stallBoundMs: RETURN_MS });
});

/** The first process is away from all brokers, and comes back. */
async function awayFor(
  bench: Bench,
  cutOff: (proxies: readonly TcpProxy[]) => Promise<void> | void,
): Promise<void> {
  const victim = bench.fleet.processAt(1);
  await bench.fault("cut off", async () => {
    await cutOff(bench.cluster.proxies("ALONE"));
    await bench.goOn(AWAY_MS);
    const joins = bench.fleet.joinsAt(1).length;
    await bench.cluster.heal();
    await bench.until("it is a member again", () => bench.fleet.joinsAt(1).length > joins, AWAY_MS);
    return [victim];
  }, { repeats: "abrupt", mayOverlap: true, stallBoundMs: SESSION_MS + RETURN_MS });
}

async function coordinatorCut(bench: Bench, lengthMs: number): Promise<void> {
  const coordinator = await bench.cluster.coordinatorOf(bench.group);
  await bench.fault("half-open to the coordinator", async () => {
    await stallNode(bench, coordinator, lengthMs);
  }, {
    repeats: "abrupt",
    mayOverlap: true,
    stallBoundMs: lengthMs + COORDINATOR_RETURN_MS,
  });
}

async function stallNode(bench: Bench, node: number, lengthMs: number): Promise<void> {
  const proxies = bench.cluster.proxies("PROXIED", node);
  for (const proxy of proxies) proxy.stall();
  await bench.goOn(lengthMs);
  for (const proxy of proxies) proxy.resume();
}
