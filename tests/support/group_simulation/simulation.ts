/**
 * Several instances of the service and a small cluster, in virtual time and from one seed: coordinators and leaders
 * that move, answers that are late, lost or refused, processes that freeze, die, stop and come. What everybody does is
 * told to the oracle as it happens.
 */
import { Cluster } from "../../../src/broker/cluster.ts";
import { ERROR } from "../../../src/broker/error_codes.ts";
import { Faults } from "../../../src/broker/faults.ts";
import { Interceptors, type Reply } from "../../../src/broker/interceptor.ts";
import type { Requests } from "../../../src/broker/requests/mod.ts";
import { settingsOf } from "../../../src/broker/settings.ts";
import type { Logger } from "../../../src/processing/message.ts";
import { ManualClock } from "../manual_clock.ts";
import { encodeBatch } from "../record_batches.ts";
import { bytesOf, sampleEvent } from "../sample_event.ts";
import { SeededRandom } from "../seeded_random.ts";
import { FaultSteps } from "./fault_steps.ts";
import { SimulatedMember } from "./member.ts";
import { Network } from "./network.ts";
import { GroupOracle, type TrueLog } from "./oracle.ts";
import { SimulatedProcess } from "./process.ts";

export interface GroupSimulationOptions {
  /** Told of everything, with the time; nothing is told by default. */
  readonly tell?: (line: string) => void;
  /** Nothing fails; members come and go in order, and so nothing may be done twice. */
  readonly calm?: boolean;
}

export const TOPIC = "t";
export const GROUP = "g";
const NODES = 3;
const FIRST_PORT = 9_000;
/** When nothing fails any more, all must be done by then. */
const HEALED_MS = 120_000;
/** Everybody has stopped by then: DRAIN_TIMEOUT_MS, a commit, and what goes to its deadline meanwhile. */
const STOP_MS = 15_000;
/** As deep as the way of a request through both sides. */
const MICROTASK_ROUNDS = 40;
const EVENT = sampleEvent();
const VALUE = bytesOf(EVENT);
const SETTINGS = {
  KAFKA_BROKERS: Array.from({ length: NODES }, (_, id) => `127.0.0.1:${FIRST_PORT + id}`).join(","),
  KAFKA_TOPIC: TOPIC,
  KAFKA_GROUP_ID: GROUP,
  ENVIRONMENT: "production",
  DLQ_TOPIC: "none",
  MAX_RETRIES: "1000",
  RETRY_DELAY: "1",
  DRAIN_TIMEOUT_MS: "3000",
  METADATA_MAX_AGE_MS: "5000",
} as const;

export class GroupSimulation {
  readonly random: SeededRandom;
  readonly clock: ManualClock;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly faults: Faults;
  readonly oracle: GroupOracle;
  readonly members: SimulatedMember[] = [];
  readonly #logs: (TrueLog & { readonly keys: (string | null)[] })[] = [];
  readonly #tell: ((line: string) => void) | undefined;
  readonly #isCalm: boolean;
  readonly #settings: Readonly<Record<string, string>>;
  #handlerMaxMs = 0;

  constructor(seed: number, options: GroupSimulationOptions = {}) {
    this.#tell = options.tell;
    this.#isCalm = options.calm ?? false;
    const random = this.random = new SeededRandom(seed);
    this.clock = new ManualClock({ seed, microtaskRounds: MICROTASK_ROUNDS });
    this.cluster = new Cluster(settingsOf({ nodes: NODES, maxCommitRecords: 0 }), this.clock);
    for (let id = 0; id < NODES; id++) this.cluster.nodeUp(id, FIRST_PORT + id);
    const interceptors = new Interceptors();
    this.oracle = new GroupOracle({
      now: () => this.clock.now(),
      witnesses: () => this.members,
    });
    this.network = new Network({
      cluster: this.cluster,
      interceptors,
      clock: this.clock,
      random,
      onDefect: (text) => this.oracle.blame(text),
    });
    interceptors.add(async (request, serve) => {
      const reply = await serve();
      if (request.apiName === "OffsetCommit") this.#onCommit(request, reply);
      return reply;
    });
    this.faults = new Faults({
      intercept: (interceptor) => interceptors.add(interceptor),
      partitions: (topic) =>
        (this.cluster.topics.find(topic)?.partitions ?? []).map((partition) => {
          const { leader, leaderEpoch, replicas, log } = partition;
          return { leader, leaderEpoch, replicas, ...bounds(log) };
        }),
    }, { seed, clock: this.clock });
    const sessionMs = random.pick([3_000, 6_000]);
    this.#settings = {
      ...SETTINGS,
      SESSION_TIMEOUT_MS: String(sessionMs),
      HEARTBEAT_INTERVAL_MS: String(sessionMs / random.pick([3, 5])),
      REBALANCE_TIMEOUT_MS: String(random.pick([sessionMs, 10_000])),
      REQUEST_TIMEOUT_MS: String(random.pick([1_000, 3_000])),
      FETCH_MAX_WAIT_MS: String(random.pick([100, 500])),
      AUTO_COMMIT_INTERVAL_MS: String(random.pick([100, 500, 2_000])),
      COMMIT_MAX_MESSAGES: String(random.pick([5, 1_000])),
      CONCURRENCY: String(random.between(1, 8)),
      PARTITION_WINDOW_MESSAGES: String(random.pick([3, 20, 1_000])),
    };
  }

  /** Lets faults happen at every step, then none, until all is done. */
  async run(): Promise<void> {
    this.addPartitions(this.random.between(1, 6));
    for (let left = this.random.between(1, 4); left > 0; left--) await this.startMember();
    const steps = new FaultSteps(this, { calm: this.#isCalm });
    for (let left = this.random.between(20, 60); left > 0; left--) {
      await this.#produce(this.random.between(0, 12));
      await steps.next();
      await this.clock.advance(this.random.pick([20, 200, 600, 1_500]));
      // Without a fault, drains have the time that they need.
      this.#handlerMaxMs = this.random.pick(this.#isCalm ? [1, 30] : [1, 30, 300, 2_000]);
    }
    this.#handlerMaxMs = 30;
    await steps.heal();
    this.note("healed");
    for (let passedMs = 0; passedMs < HEALED_MS && !this.oracle.isComplete; passedMs += 500) {
      await this.clock.advance(500);
    }
    this.oracle.over(EVENT.event_id);
    if (this.oracle.violations.length > 0) {
      for (const member of this.members) if (member.isAlive) this.note(member.status());
      this.note(JSON.stringify(this.cluster.groups.find(GROUP)?.members.describe().state));
    }
    await this.#close();
    const { repeats } = this.oracle;
    if (this.#isCalm && repeats > 0) {
      this.oracle.blame(`${repeats} were done again, without a fault`);
    }
  }

  note(text: string): void {
    this.#tell?.(`${this.clock.now()} ${text}`);
  }

  get topicPartitions(): number {
    return this.#logs.length;
  }

  addPartitions(count: number): void {
    const total = this.#logs.length + count;
    if (this.#logs.length > 0) this.cluster.topics.grow(TOPIC, { total });
    else this.cluster.topics.create({ name: TOPIC, partitions: total, replicationFactor: null });
    for (let partition = this.#logs.length; partition < total; partition++) {
      const log = { topic: TOPIC, partition, keys: [] };
      this.#logs.push(log);
      this.oracle.add(log);
    }
  }

  async startMember(): Promise<SimulatedMember> {
    const name = `m${this.members.length}`;
    const process = new SimulatedProcess(this.clock);
    const member = new SimulatedMember({
      name,
      process,
      network: this.network,
      random: this.random,
      oracle: this.oracle,
      settings: { ...this.#settings, KAFKA_CLIENT_ID: name },
      logger: this.#logger(name),
      handlerMaxMs: () => this.#handlerMaxMs,
      note: (text) => this.note(text),
    });
    this.members.push(member);
    this.note(`${name} starts`);
    await member.start();
    return member;
  }

  /** The process is gone; its connections end, as the broker sees at once or never. */
  kill(member: SimulatedMember): void {
    member.process.kill();
    if (this.random.chance(0.7)) this.network.cutProcess(member.process);
  }

  async #produce(count: number): Promise<void> {
    const log = this.random.pick(this.#logs);
    if (count === 0) return;
    const keys = Array.from(
      { length: count },
      () => this.random.chance(0.1) ? null : this.random.pick(["a", "b", "c", "d"]),
    );
    const batch = await encodeBatch({ records: keys.map((key) => ({ key, value: VALUE })) });
    log.keys.push(...keys);
    this.cluster.topics.partition(TOPIC, log.partition)?.append(batch);
  }

  #onCommit(
    { body, clientId, connectionId }: {
      readonly body: Requests["OffsetCommit"];
      readonly clientId: string;
      readonly connectionId: number;
    },
    reply: Reply,
  ): void {
    if (reply.kind !== "answer") return;
    const answer = reply.body as {
      readonly topics: readonly {
        readonly name: string;
        readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
      }[];
    };
    const refused = new Set(
      answer.topics.flatMap(({ name, partitions }) =>
        partitions.filter(({ errorCode }) => errorCode !== ERROR.NONE)
          .map(({ partition }) => `${name}/${partition}`)
      ),
    );
    for (const { name: topic, partitions } of body.topics) {
      for (const { partition, offset, metadata } of partitions) {
        if (refused.has(`${topic}/${partition}`)) continue;
        this.note(`${clientId} committed ${topic}/${partition} to ${offset}`);
        const isLate = this.network.wasGivenUp(connectionId);
        const commit = { member: clientId, topic, partition, offset, metadata: metadata ?? "" };
        this.oracle.committed({ ...commit, isLate });
      }
    }
  }

  /** Everybody stops in order, and leaves nothing behind. */
  async #close(): Promise<void> {
    const living = this.members.filter((member) => member.isAlive);
    for (const member of living) void member.stop();
    for (let passedMs = 0; passedMs < STOP_MS; passedMs += 1_000) await this.clock.advance(1_000);
    for (const member of living) {
      if (!member.hasStopped) this.oracle.blame(`${member.name} does not stop`);
      else if (member.timers > 0) {
        this.oracle.blame(`${member.name} leaves ${member.timers} timers`);
      }
    }
    this.cluster.groups.close();
  }

  #logger(name: string): Logger {
    const line = (level: string) => (text: string, fields?: unknown) => {
      if (this.#tell !== undefined) this.note(`${name} ${level} ${text} ${JSON.stringify(fields)}`);
    };
    return {
      debug: line("debug"),
      info: line("info"),
      warning: line("warning"),
      error: line("error"),
    };
  }
}

function bounds({ startOffset, endOffset }: { startOffset: number; endOffset: number }) {
  return { startOffset, endOffset };
}
