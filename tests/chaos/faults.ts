/** The faults that a storm draws from and that rows of the table repeat, each with what may follow from it. */
import type { SeededRandom } from "../support/seeded_random.ts";
import type { Bench } from "./bench.ts";
import { BROKER_SESSION_MS, type FaultOptions, SESSION_MS } from "./bench_options.ts";

/** Something that happens to a run, and ends. */
export interface Disturbance extends FaultOptions {
  readonly name: string;
  /** How often a storm draws it, beside the others. */
  readonly weight: number;
  /** Answers whose work may be done again; nobody in particular where it answers nothing. */
  readonly inflict: (bench: Bench, random: SeededRandom) => Promise<readonly string[] | void>;
}

/** The service's own reserve over the broker's session, from the table of faults. */
const TAKE_OVER_MS = 3_000;
/** Others hear of it by their next heartbeat, and of the partitions that are given up by the one after that. */
const HAND_OVER_MS = 3_000;
const FAILOVER_MS = 5_000;
const COORDINATOR_MS = 10_000;
const FREEZE_MS = 15_000;
const LONG_FREEZE_MS = 2 * SESSION_MS;
const MEMBER_WITHIN_MS = 120_000;
const JOIN_DEADLINE_MS = 30_000;
const BROKER_FREEZE_MS = 8_000;
const BROKER_DEAD_MS = 9_000;

export const SIGTERM: Disturbance = {
  name: "SIGTERM to a process, restart",
  weight: 3,
  repeats: "graceful",
  stallBoundMs: HAND_OVER_MS,
  async inflict(bench, random) {
    const place = random.pick(bench.targets);
    const { code } = await bench.fleet.terminate(place);
    if (code !== 0) bench.addProblem(`SIGTERM: exit code ${code}`);
    await startAnew(bench, place);
  },
};

export const SIGKILL: Disturbance = {
  name: "SIGKILL of a process, restart",
  weight: 3,
  repeats: "abrupt",
  mayOverlap: true,
  stallBoundMs: SESSION_MS + TAKE_OVER_MS,
  async inflict(bench, random) {
    const place = random.pick(bench.targets);
    const victim = bench.fleet.processAt(place);
    await bench.fleet.kill(place);
    await startAnew(bench, place);
    return [victim];
  },
};

export const SIGSTOP: Disturbance = {
  name: `SIGSTOP of a process for ${FREEZE_MS / 1000} s`,
  weight: 2,
  repeats: "abrupt",
  mayOverlap: true,
  stallBoundMs: SESSION_MS + TAKE_OVER_MS,
  inflict: (bench, random) => freeze(bench, random.pick(bench.targets), FREEZE_MS),
};

/** As SIGSTOP, for longer than anybody waits, and with a look at what it does when it wakes. */
export const FREEZE: Disturbance = {
  ...SIGSTOP,
  name: "SIGSTOP of a process for two sessions",
  inflict: (bench, random) => freeze(bench, random.pick(bench.targets), LONG_FREEZE_MS),
};

/** Needs a plan that blocks on SIGUSR2. */
export const BLOCK: Disturbance = {
  ...SIGSTOP,
  name: "event loop blocked for two sessions",
  async inflict(bench, random) {
    const place = random.pick(bench.targets);
    bench.fleet.signal(place, "SIGUSR2");
    await bench.goOn(LONG_FREEZE_MS);
    return [bench.fleet.processAt(place)];
  },
};

export const BROKER_RESTART: Disturbance = {
  name: "clean restart of a broker",
  weight: 1,
  repeats: "graceful",
  stallBoundMs: FAILOVER_MS,
  async inflict(bench, random) {
    const { id } = random.pick(bench.cluster.nodes);
    await bench.cluster.node(id).stop();
    await bench.cluster.heal([bench.topic]);
  },
};

export const BROKER_KILL: Disturbance = {
  name: "SIGKILL of a broker",
  weight: 1,
  repeats: "abrupt",
  mayOverlap: true,
  stallBoundMs: BROKER_SESSION_MS + FAILOVER_MS,
  async inflict(bench, random) {
    const coordinator = await bench.cluster.coordinatorOf(bench.group);
    const others = bench.cluster.nodes.filter(({ id }) => id !== coordinator);
    await killBroker(bench, random.pick(others).id);
  },
};

export const COORDINATOR_KILL: Disturbance = {
  name: "SIGKILL of the group's coordinator",
  weight: 1,
  repeats: "abrupt",
  mayOverlap: true,
  stallBoundMs: BROKER_SESSION_MS + COORDINATOR_MS,
  async inflict(bench) {
    await killBroker(bench, await bench.cluster.coordinatorOf(bench.group));
  },
};

export const BROKER_FREEZE: Disturbance = {
  name: `SIGSTOP of a broker for ${BROKER_FREEZE_MS / 1000} s`,
  weight: 1,
  repeats: "abrupt",
  mayOverlap: true,
  stallBoundMs: BROKER_SESSION_MS + FAILOVER_MS,
  async inflict(bench, random) {
    const { id } = random.pick(bench.cluster.nodes);
    await bench.cluster.node(id).pause();
    await bench.goOn(BROKER_FREEZE_MS);
    await bench.cluster.heal([bench.topic]);
  },
};

/** What storms are made of. */
export const DISTURBANCES: readonly Disturbance[] = [
  SIGTERM,
  SIGKILL,
  SIGSTOP,
  BROKER_RESTART,
  BROKER_KILL,
  COORDINATOR_KILL,
  BROKER_FREEZE,
];

/** Injects it, and waits until all goes on. */
export async function disturb(
  bench: Bench,
  disturbance: Disturbance,
  random: SeededRandom,
): Promise<void> {
  const { name, inflict, weight: _, ...options } = disturbance;
  await bench.fault(name, () => inflict(bench, random), options);
}

/** Lets something happen in which no process may have to join again. */
export async function undisturbed(bench: Bench, body: () => Promise<void>): Promise<void> {
  const joins = bench.fleet.joins;
  await body();
  const more = bench.fleet.joins - joins;
  if (more > 0) bench.addProblem(`Processes joined again ${more} times`);
}

/** Before the program runs there is nobody to take the next signal, and the system ends the process. */
async function startAnew(bench: Bench, place: number): Promise<void> {
  const { fleet } = bench;
  await fleet.start(place);
  const isMember = () => fleet.joinsAt(place).length > 0;
  await bench.until("the new process is a member", isMember, MEMBER_WITHIN_MS);
}

/** When it wakes, it may start nothing new before it is a member again: its partitions are others'. */
async function freeze(bench: Bench, place: number, lengthMs: number): Promise<readonly string[]> {
  const { fleet, ledger } = bench;
  const victim = fleet.processAt(place);
  const joins = fleet.joinsAt(place).length;
  fleet.signal(place, "SIGSTOP");
  await bench.goOn(lengthMs);
  const wokenAt = Date.now();
  fleet.signal(place, "SIGCONT");
  await bench.goOn(JOIN_DEADLINE_MS, () => fleet.joinsAt(place).length > joins);
  const joinedAt = fleet.joinsAt(place)[joins] ?? Infinity;
  await ledger.read();
  const early = ledger.of(victim).filter(({ kind, at }) =>
    kind === "start" && wokenAt <= at && at < joinedAt
  );
  // A process can be frozen between its last look at the lease and the call of the handler: one, and no more.
  if (early.length > 1) {
    const [first] = early;
    const ms = (joinedAt - (first?.at ?? 0)).toFixed(0);
    bench.addProblem(
      `${victim} woke and started ${early.length} before it was a member again, ${ms} ms early`,
    );
  }
  return [victim];
}

/** It stays away until others have taken over. */
async function killBroker(bench: Bench, node: number): Promise<void> {
  await bench.cluster.node(node).kill();
  await bench.goOn(BROKER_DEAD_MS);
  await bench.cluster.heal([bench.topic]);
}
