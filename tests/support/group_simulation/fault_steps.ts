/** What goes wrong in a simulated group, by chance, and how all of it is mended in the end. */
import { ERROR } from "../../../src/broker/error_codes.ts";
import type { Fault } from "../../../src/broker/faults.ts";
import type { ApiName } from "../../../src/broker/requests/mod.ts";
import { GROUP, type GroupSimulation, TOPIC } from "./simulation.ts";

const PARTITIONS_MAX = 8;
const MEMBERS_MAX = 5;

/** What each request may be answered with instead. */
const CODES: Partial<Record<ApiName, readonly number[]>> = {
  FindCoordinator: [ERROR.COORDINATOR_NOT_AVAILABLE, ERROR.UNKNOWN_SERVER_ERROR],
  JoinGroup: [
    ERROR.COORDINATOR_LOAD_IN_PROGRESS,
    ERROR.COORDINATOR_NOT_AVAILABLE,
    ERROR.NOT_COORDINATOR,
    ERROR.UNKNOWN_MEMBER_ID,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  SyncGroup: [
    ERROR.COORDINATOR_LOAD_IN_PROGRESS,
    ERROR.COORDINATOR_NOT_AVAILABLE,
    ERROR.NOT_COORDINATOR,
    ERROR.REBALANCE_IN_PROGRESS,
    ERROR.ILLEGAL_GENERATION,
    ERROR.UNKNOWN_MEMBER_ID,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  /** REBALANCE_IN_PROGRESS is no lie to tell: only a member hears it. */
  Heartbeat: [
    ERROR.COORDINATOR_LOAD_IN_PROGRESS,
    ERROR.COORDINATOR_NOT_AVAILABLE,
    ERROR.NOT_COORDINATOR,
    ERROR.ILLEGAL_GENERATION,
    ERROR.UNKNOWN_MEMBER_ID,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  OffsetCommit: [
    ERROR.COORDINATOR_LOAD_IN_PROGRESS,
    ERROR.COORDINATOR_NOT_AVAILABLE,
    ERROR.NOT_COORDINATOR,
    ERROR.REBALANCE_IN_PROGRESS,
    ERROR.ILLEGAL_GENERATION,
    ERROR.UNKNOWN_MEMBER_ID,
    ERROR.REQUEST_TIMED_OUT,
    ERROR.OFFSET_METADATA_TOO_LARGE,
    ERROR.UNKNOWN_TOPIC_OR_PARTITION,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  OffsetFetch: [
    ERROR.COORDINATOR_LOAD_IN_PROGRESS,
    ERROR.NOT_COORDINATOR,
    ERROR.UNSTABLE_OFFSET_COMMIT,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  Fetch: [
    ERROR.OFFSET_OUT_OF_RANGE,
    ERROR.UNKNOWN_TOPIC_OR_PARTITION,
    ERROR.LEADER_NOT_AVAILABLE,
    ERROR.NOT_LEADER_OR_FOLLOWER,
    ERROR.REPLICA_NOT_AVAILABLE,
    ERROR.KAFKA_STORAGE_ERROR,
    ERROR.FENCED_LEADER_EPOCH,
    ERROR.UNKNOWN_LEADER_EPOCH,
    ERROR.UNKNOWN_SERVER_ERROR,
  ],
  ListOffsets: [
    ERROR.NOT_LEADER_OR_FOLLOWER,
    ERROR.OFFSET_NOT_AVAILABLE,
    ERROR.LEADER_NOT_AVAILABLE,
  ],
  OffsetForLeaderEpoch: [ERROR.NOT_LEADER_OR_FOLLOWER, ERROR.UNKNOWN_LEADER_EPOCH],
  Metadata: [ERROR.LEADER_NOT_AVAILABLE, ERROR.UNKNOWN_TOPIC_OR_PARTITION],
};
const APIS = Object.keys(CODES) as ApiName[];

export class FaultSteps {
  readonly #simulation: GroupSimulation;
  readonly #steps: readonly (() => void | Promise<void>)[];

  /** With `calm` nothing fails: members come and go in order, leaders, coordinators and partitions change. */
  constructor(simulation: GroupSimulation, { calm }: { readonly calm: boolean }) {
    this.#simulation = simulation;
    this.#steps = calm ? this.#calmSteps() : this.#allSteps();
  }

  #allSteps(): readonly (() => void | Promise<void>)[] {
    return weighted([
      [6, () => {}],
      [10, () => this.#refuse()],
      [8, () => this.#delay()],
      [5, () => this.#cut()],
      [4, () => this.#loseAnswers()],
      [2, () => this.#staleMetadata()],
      [5, () => this.#moveCoordinator()],
      [4, () => this.#moveLeader()],
      [3, () => this.#turnNode()],
      [3, () => this.#freezeNode()],
      [4, () => this.#cutOff()],
      [4, () => this.#freezeMember()],
      [2, () => this.#killMember()],
      [3, () => this.#stopMember()],
      [5, () => this.#startMember()],
      [1, () => this.#addPartition()],
    ]);
  }

  #calmSteps(): readonly (() => void | Promise<void>)[] {
    return weighted([
      [6, () => {}],
      [2, () => this.#moveCoordinator()],
      [2, () => this.#moveLeader()],
      [2, () => this.#stopMember()],
      [2, () => this.#startMember()],
      [1, () => this.#addPartition()],
    ]);
  }

  async next(): Promise<void> {
    await this.#simulation.random.pick(this.#steps)();
  }

  /** From now on nothing goes wrong any more. */
  async heal(): Promise<void> {
    const { faults, network, members, cluster } = this.#simulation;
    faults.liftAll();
    network.heal();
    for (const { id, isUp, port } of cluster.nodes()) if (!isUp) cluster.nodeUp(id, port);
    for (const member of members) member.process.thaw();
    if (!members.some((member) => member.isRunning)) await this.#simulation.startMember();
  }

  #refuse(): void {
    const { random, faults } = this.#simulation;
    const api = random.pick(APIS);
    const code = random.pick(CODES[api] ?? []);
    const times = random.between(1, 4);
    this.#note(`refuse ${api} with ${code}, ${times} times`);
    const way = random.chance(0.3) ? "failAfterwards" : "fail";
    if (way === "fail" && api !== "Metadata" && random.chance(0.3)) {
      const partition = random.below(this.#simulation.topicPartitions);
      faults.fail({ api, times, partition: { topic: TOPIC, partition } }, code);
    } else {
      faults[way]({ api, times }, code);
    }
  }

  #delay(): void {
    const { random, faults } = this.#simulation;
    const api = random.pick(APIS);
    const ms = random.pick([200, 1_000, 4_000, 9_000]);
    const what = random.pick(["request", "answer"] as const);
    this.#note(`delay ${api} ${what} by ${ms}`);
    faults.delay({ api, times: random.between(1, 4) }, [ms / 2, ms], what);
  }

  #cut(): void {
    const { random, faults } = this.#simulation;
    const api = random.pick(APIS);
    const when = random.pick(["before", "after"] as const);
    this.#note(`cut ${when} ${api}`);
    faults.cut({ api, times: random.between(1, 3) }, when);
  }

  #loseAnswers(): void {
    const { random, faults } = this.#simulation;
    const api = random.pick(APIS);
    this.#note(`lose an answer of ${api}`);
    this.#liftLater(faults.loseAnswer({ api, times: random.between(1, 2) }));
  }

  #staleMetadata(): void {
    this.#note("stale metadata");
    this.#liftLater(this.#simulation.faults.staleMetadata([TOPIC]));
  }

  #moveCoordinator(): void {
    const { random, cluster } = this.#simulation;
    const to = random.pick(cluster.liveNodes()).id;
    this.#note(`coordinator moves to ${to}`);
    cluster.groups.move(GROUP, to);
  }

  #moveLeader(): void {
    const { random, cluster, topicPartitions } = this.#simulation;
    const partition = random.below(topicPartitions);
    const to = random.pick(cluster.liveNodes()).id;
    this.#note(`leader of ${partition} moves to ${to}`);
    cluster.topics.partition(TOPIC, partition)?.lead(to);
  }

  #turnNode(): void {
    const { random, cluster, network } = this.#simulation;
    const { id, isUp, port } = random.pick(cluster.nodes());
    if (isUp && cluster.liveNodes().length === 1) return;
    this.#note(`node ${id} is ${isUp ? "down" : "up"}`);
    if (isUp) {
      cluster.nodeDown(id);
      network.cut(id);
    } else {
      cluster.nodeUp(id, port);
    }
  }

  #freezeNode(): void {
    const { random, cluster, faults } = this.#simulation;
    const { id } = random.pick(cluster.nodes());
    this.#note(`node ${id} freezes`);
    this.#liftLater(faults.freeze({ node: id }));
  }

  #cutOff(): void {
    const { random, cluster, members, network } = this.#simulation;
    const member = random.pick(members);
    const node = random.pick(cluster.nodes());
    const what = random.chance(0.5) ? member.process : node.id;
    const ms = random.pick([500, 3_000, 8_000, 15_000]);
    this.#note(`cut off ${what === node.id ? `node ${node.id}` : member.name} for ${ms}`);
    network.cutOff(what, ms);
  }

  #freezeMember(): void {
    const { random, members, clock } = this.#simulation;
    const member = random.pick(members);
    const ms = random.pick([100, 1_000, 4_000, 12_000]);
    this.#note(`${member.name} freezes for ${ms}`);
    member.process.freeze();
    clock.schedule(ms, () => member.process.thaw());
  }

  #killMember(): void {
    const { random, members } = this.#simulation;
    const member = random.pick(members);
    if (!member.isAlive) return;
    this.#note(`${member.name} is killed`);
    this.#simulation.kill(member);
  }

  #stopMember(): void {
    const { random, members } = this.#simulation;
    const running = members.filter((member) => member.isRunning);
    if (running.length < 2) return;
    const member = random.pick(running);
    this.#note(`${member.name} stops`);
    void member.stop();
  }

  async #startMember(): Promise<void> {
    const { members } = this.#simulation;
    if (members.filter((member) => member.isAlive).length >= MEMBERS_MAX) return;
    await this.#simulation.startMember();
  }

  #addPartition(): void {
    if (this.#simulation.topicPartitions >= PARTITIONS_MAX) return;
    this.#note("a partition is added");
    this.#simulation.addPartitions(1);
  }

  #liftLater(fault: Fault): void {
    const { random, clock } = this.#simulation;
    clock.schedule(random.pick([300, 2_000, 6_000, 12_000]), () => fault.lift());
  }

  #note(text: string): void {
    this.#simulation.note(`FAULT ${text}`);
  }
}

function weighted<T>(table: readonly (readonly [weight: number, value: T])[]): readonly T[] {
  return table.flatMap(([weight, value]) => Array.from({ length: weight }, () => value));
}
