/**
 * The core in a world of faults, in virtual time and from one seed: a group that gives and takes partitions, a log with
 * gaps, handlers and a dead-letter topic that do what they should not. Everything is written down for the oracle.
 */
import { Assignment } from "../../src/processing/assignment.ts";
import type { Partition } from "../../src/processing/partition.ts";
import { ManualClock } from "./manual_clock.ts";
import { RecordingLogger } from "./recording_telemetry.ts";
import { SeededRandom } from "./seeded_random.ts";
import { SimulatedCommitter } from "./simulated_committer.ts";
import { SimulatedDeadLetters } from "./simulated_dead_letters.ts";
import { SimulatedFetcher } from "./simulated_fetcher.ts";
import { SimulatedHandler } from "./simulated_handler.ts";
import { SimulatedLog } from "./simulated_log.ts";
import { SimulatedOperator } from "./simulated_operator.ts";
import { simulatedTelemetry } from "./simulated_telemetry.ts";
import type { Entry, Limits } from "./simulation_history.ts";
import { randomLimits, SETTINGS } from "./simulation_limits.ts";
import { newPlace, type Owner, type Place, weighted } from "./simulation_world.ts";

/** When nothing fails any more, all must be done by then. */
const HEALED_MS = 300_000;
/** From then on partitions that are paused find good messages ahead of them. */
const GOOD_AHEAD_MS = 130_000;

export class Simulation {
  readonly history: Entry[] = [];
  readonly limits: Limits;
  readonly #random: SeededRandom;
  readonly #clock: ManualClock;
  readonly #unkeyedOrder: "partition" | "none";
  readonly #places: readonly Place[];
  readonly #owners = new Map<Partition, Owner>();
  readonly #committer: SimulatedCommitter;
  readonly #fetcher: SimulatedFetcher;
  readonly #handler: SimulatedHandler;
  readonly #deadLetters: SimulatedDeadLetters;
  readonly #operator: SimulatedOperator;
  readonly #steps: readonly (() => void)[];
  #assignment: Assignment;
  #hasLease = true;
  #mustRestart = false;
  #drains = 0;
  #progress = 0;

  constructor(seed: number) {
    const random = this.#random = new SeededRandom(seed);
    this.#clock = new ManualClock({ seed });
    this.#unkeyedOrder = random.pick(["partition", "none"]);
    this.limits = randomLimits(random);
    const world = { random, clock: this.#clock, note: (entry: Entry) => this.#note(entry) };
    this.#committer = new SimulatedCommitter({
      ...world,
      snapshot: () => this.#assignment.snapshot(),
      ownerOf: (partition) => this.#owners.get(partition),
    });
    this.#fetcher = new SimulatedFetcher({
      ...world,
      unkeyedOrder: this.#unkeyedOrder,
      deliver: (partition, delivery) => this.#assignment.deliver(partition, delivery),
      skipTo: (partition, position) =>
        this.#assignment.skipTo(partition, { position, leaderEpoch: -1 }),
    });
    this.#handler = new SimulatedHandler(world);
    this.#deadLetters = new SimulatedDeadLetters(world);
    this.#operator = new SimulatedOperator({
      ...world,
      places: () => this.#places,
      assignment: () => this.#assignment,
    });
    this.#places = Array.from(
      { length: random.between(1, 3) },
      (_, partition) => newPlace(new SimulatedLog(partition, random)),
    );
    for (const { log } of this.#places) {
      const offsets = log.records.map(({ offset }) => offset);
      this.#note({ kind: "log", place: log.place, offsets });
    }
    this.#assignment = this.#newAssignment();
    this.#steps = weighted([
      [14, () => this.#assignOne()],
      [4, () => this.#revokeOne()],
      [8, () => this.#drainSome()],
      [8, () => this.#resumeAll()],
      [3, () => this.#suspendAll()],
      [8, () => this.#settleSuspended()],
      [10, () => this.#committer.commit()],
      [5, () => this.#deliverStale()],
      [4, () => this.#otherMemberWorks()],
      [2, () => this.#loseLogStart()],
      [6, () => this.#turnLease()],
      [4, () => this.#deadLetters.turn()],
      [2, () => this.#goodAhead()],
      [7, () => this.#operator.turn()],
      [1, () => this.#restart()],
    ]);
  }

  /** Lets faults happen at every step, then none, until all is done. */
  async run(): Promise<void> {
    for (let left = this.#random.between(40, 120); left > 0; left--) {
      if (this.#mustRestart) this.#restart();
      this.#random.pick(this.#steps)();
      await this.#goOn();
      this.#observe();
    }
    await this.#heal();
    this.#note({ kind: "over" });
    await this.#close();
  }

  /** Time passes, or only some of the promises run on: faults come in between, too. */
  async #goOn(): Promise<void> {
    if (this.#random.chance(0.3)) {
      for (let rounds = this.#random.below(4); rounds > 0; rounds--) await null;
      return;
    }
    await this.#clock.settle(); // timers never overtake promises
    if (this.#random.chance(0.3)) await this.#clock.runNext();
    else await this.#clock.advance(this.#random.below(400));
  }

  async #heal(): Promise<void> {
    this.#committer.heal();
    this.#handler.heal();
    this.#deadLetters.heal();
    if (!this.#hasLease) this.#turnLease();
    this.#operator.letAllGo();
    this.#restartIfHalted();
    for (let passedMs = 0; passedMs < HEALED_MS && !this.#isDone(); passedMs += 1_000) {
      this.#settleSuspended();
      this.#resumeAll();
      for (const place of this.#places) if (place.owner === null) this.#assign(place);
      if (passedMs >= GOOD_AHEAD_MS) this.#goodAhead();
      await this.#clock.advance(1_000);
      this.#restartIfHalted();
      this.#observe();
    }
  }

  #isDone(): boolean {
    return this.#places.every(({ log, owner }) => {
      if (owner?.partition.state !== "active" || owner.partition.windowMessages > 0) return false;
      return owner.partition.prefix === log.end;
    });
  }

  /** What comes after the end changes nothing, and the core leaves no timer. */
  async #close(): Promise<void> {
    this.#committer.commit();
    await this.#clock.advance(1_000);
    for (const { log, committed } of this.#places) {
      if (committed !== log.end) this.#defect(`${log.place} is committed to ${committed}`);
    }
    for (const owner of this.#owned()) this.#note({ kind: "dropped", owner: owner.id });
    this.#assignment.close();
    const progress = this.#progress;
    const ownTimers = this.#handler.waits.pending + this.#deadLetters.waits.pending;
    const left = this.#clock.pending - ownTimers;
    if (left !== 0) this.#defect(`${left} timers were left behind`);
    while (await this.#clock.runNext());
    if (progress !== this.#progress) this.#defect("Something was done after the end");
    const outcomes = this.history.filter(({ kind }) => kind === "outcome").length;
    if (outcomes !== progress) this.#defect(`${progress} were told of ${outcomes} outcomes`);
  }

  // --- what the group does

  #owned(): Owner[] {
    return this.#places.flatMap(({ owner }) => owner === null ? [] : [owner]);
  }

  #assignOne(): void {
    const free = this.#places.filter(({ owner }) => owner === null);
    if (free.length > 0) this.#assign(this.#random.pick(free));
  }

  #assign(place: Place): void {
    const position = place.committed ?? 0;
    const id = this.#owners.size;
    this.#note({ kind: "assigned", owner: id, place: place.log.place, position });
    if (this.#operator.isHeld(place)) this.#note({ kind: "held", owner: id });
    const { done } = place;
    const partition = this.#assignment.assign(place.log, { position, leaderEpoch: -1, done });
    partition.committed = place.committed;
    place.owner = { id, partition, place, isAsking: false };
    this.#owners.set(partition, place.owner);
    this.#fetcher.ask(place.owner);
  }

  #revokeOne(): void {
    const owned = this.#owned();
    if (owned.length > 0) this.#revoke(this.#random.pick(owned));
  }

  #revoke(owner: Owner): void {
    this.#note({ kind: "dropped", owner: owner.id });
    owner.place.owner = null;
    this.#assignment.revoke([owner.partition]);
  }

  #drainSome(): void {
    const owners = this.#owned().filter(() => this.#random.chance(0.6));
    const deadlineMs = this.#random.below(3_000);
    const drain = this.#drains++;
    const until = this.#clock.now() + deadlineMs;
    this.#note({ kind: "draining", drain, owners: owners.map(({ id }) => id), until });
    const partitions = owners.map(({ partition }) => partition);
    void this.#assignment.drain(partitions, deadlineMs).then((isDrained) => {
      this.#note({ kind: "drained", drain, isDrained, at: this.#clock.now() });
    });
  }

  #resumeAll(): void {
    const draining = this.#owned().filter(({ partition }) => partition.state === "draining");
    for (const { id } of draining) this.#note({ kind: "resumed", owner: id });
    this.#assignment.resume(draining.map(({ partition }) => partition));
  }

  #suspendAll(): void {
    for (const { id } of this.#owned()) this.#note({ kind: "suspended", owner: id });
    this.#assignment.suspend();
  }

  /** Each suspended partition is ours again, is somebody else's, or has to begin anew. */
  #settleSuspended(): void {
    for (const owner of this.#owned()) {
      const { partition, place, id } = owner;
      if (partition.state !== "suspended") continue;
      if (!this.#handler.isHealed && this.#random.chance(0.3)) {
        this.#revoke(owner);
        continue;
      }
      const committed = place.committed ?? -1;
      this.#note({ kind: "readopted", owner: id, committed });
      if (committed >= 0 && this.#assignment.readopt(partition, committed)) continue;
      this.#note({ kind: "dropped", owner: id }); // assign() drops it
      this.#assign(place);
    }
  }

  #otherMemberWorks(): void {
    const place = this.#random.pick(this.#places);
    const { log } = place;
    const state = place.owner?.partition.state;
    if (state === "active" || state === "draining") return;
    const from = Math.max(place.committed ?? log.start, log.start);
    const to = this.#random.between(from, log.end);
    this.#note({ kind: "elsewhere", place: log.place, to });
    place.committed = to;
    place.done = [];
  }

  #turnLease(): void {
    this.#hasLease = !this.#hasLease;
    this.#note({ kind: "lease", isHeld: this.#hasLease });
    if (this.#hasLease) this.#assignment.wake();
  }

  #goodAhead(): void {
    for (const { partition, place } of this.#owned()) {
      this.#assignment.goodAhead(partition, place.log.end);
    }
  }

  /** The process ends and another begins where the group left off. */
  #restart(): void {
    this.#mustRestart = false;
    for (const owner of this.#owned()) {
      this.#note({ kind: "dropped", owner: owner.id });
      owner.place.owner = null;
    }
    this.#assignment.close();
    this.#operator.forget();
    this.#assignment = this.#newAssignment();
  }

  #restartIfHalted(): void {
    if (this.#mustRestart) this.#restart();
  }

  #deliverStale(): void {
    const owners = [...this.#owners.values()];
    if (owners.length > 0) this.#fetcher.deliverStale(this.#random.pick(owners));
  }

  #loseLogStart(): void {
    const { log } = this.#random.pick(this.#places);
    log.start = this.#random.between(log.start, log.end);
  }

  // --- what the core tells

  #newAssignment(): Assignment {
    const { hasDeadLetters, ...limits } = this.limits;
    return new Assignment({
      tracer: null,
      ...SETTINGS,
      ...limits,
      clock: this.#clock,
      unkeyedOrder: this.#unkeyedOrder,
      handlers: { byType: {}, default: (_event, context) => this.#handler.handle(context) },
      deadLetters: hasDeadLetters ? this.#deadLetters : null,
      groupId: "group",
      serviceVersion: "1.2.3",
      mayStart: () => this.#hasLease,
      telemetry: simulatedTelemetry({
        note: (entry) => this.#note(entry),
        ownerOf: (partition) => this.#owners.get(partition),
      }),
      logger: new RecordingLogger(),
      onRoom: (partition) => {
        const owner = this.#owners.get(partition);
        if (owner !== undefined) this.#fetcher.ask(owner);
      },
      bufferBytes: 100_000_000,
      onProbe: () => {},
      onProgress: (messages) => {
        this.#progress += messages;
      },
      onFatal: (error) => {
        if (error.code === "defect") this.#defect(error.message);
        this.#mustRestart = true;
      },
    });
  }

  #observe(): void {
    for (const { id, partition } of this.#owned()) {
      const { prefix, position } = partition;
      this.#note({ kind: "observed", owner: id, prefix, position });
    }
  }

  #defect(text: string): void {
    this.#note({ kind: "defect", text });
  }

  #note(entry: Entry): void {
    this.history.push(entry);
  }
}
