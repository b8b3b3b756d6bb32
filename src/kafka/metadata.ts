/**
 * What the cluster looks like: brokers, topics with their ids, partitions with leader and epoch. A view that is older
 * than what is known (a lagging broker's) never replaces a newer one of the same topic. Also says whether any broker
 * can be reached at all.
 */
import { type Clock, sleep } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import { requestDelayMs } from "../processing/retry.ts";
import { brokerName, type Caller } from "./connections.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { metadata, type TopicInfo } from "./metadata_request.ts";
import { type ApiRequest, type BrokerAddress, findCoordinator } from "./protocol.ts";

export interface PartitionLeader {
  readonly broker: BrokerAddress;
  readonly leaderEpoch: number;
}

export interface MetadataOptions {
  readonly caller: Caller;
  readonly bootstrap: readonly BrokerAddress[];
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** A view older than this is replaced. */
  readonly maxAgeMs: number;
  /** Leaders, partitions or topic ids changed. */
  readonly onChange: () => void;
  /** No broker answered. `attempt` counts from 1 since the last answer. */
  readonly onUnreachable: (facts: {
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: unknown;
  }) => void;
  /** A broker answered again. */
  readonly onReachable: () => void;
}

/** A frozen broker costs this much before the next one is asked as well. */
const HEDGE_AFTER_MS = 400;
/** After a doubt, a new view is asked for at most this often. */
const DOUBT = { backoffMs: 400, backoffMaxMs: 1_000 } as const;
const BACKOFF = { backoffMs: 250, backoffMaxMs: 5_000 } as const;

export class Metadata {
  readonly #options: MetadataOptions;
  readonly #names = new Set<string>();
  readonly #topics = new Map<string, TopicInfo>();
  /** The id under which each topic was first seen. */
  readonly #firstIds = new Map<string, string>();
  readonly #brokers = new Map<number, BrokerAddress>();
  #controllerId = -1;
  #refreshing: Promise<void> | null = null;
  #refreshedAt = -Infinity;
  #failures = 0;
  #outage: unknown = null;
  #stale = false;
  /** Since the view last changed, one soon after the other. */
  #doubts = 0;
  #doubtMs = 0;
  #wake = new AbortController();
  #stopped = false;

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  /** From now on these topics are asked for, too. */
  track(topics: Iterable<string>): void {
    for (const topic of topics) this.#names.add(topic);
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name);
  }

  /** It is another topic of that name than the one that was there first; false where brokers tell no ids. */
  wasRecreated(name: string): boolean {
    const id = this.#topics.get(name)?.id ?? null;
    return id !== null && this.#firstIds.get(name) !== id;
  }

  partitionsOf(topic: string): readonly number[] {
    const partitions = this.#topics.get(topic)?.partitions ?? [];
    return partitions.map(({ partition }) => partition).sort((a, b) => a - b);
  }

  /** The leader as far as is known; undefined while there is none. */
  leader({ topic, partition }: TopicPartition): PartitionLeader | undefined {
    const info = this.#topics.get(topic)?.partitions.find((each) => each.partition === partition);
    const broker = info === undefined ? undefined : this.#brokers.get(info.leader);
    if (info === undefined || broker === undefined) return undefined;
    return { broker, leaderEpoch: info.leaderEpoch };
  }

  get brokers(): readonly BrokerAddress[] {
    return [...this.#brokers.values()];
  }

  /** Why no broker answers; null while one does. */
  get outage(): unknown {
    return this.#outage;
  }

  /** The broker that creates topics; undefined while unknown. */
  get controller(): BrokerAddress | undefined {
    return this.#brokers.get(this.#controllerId);
  }

  /**
   * A new view of the cluster; callers at the same time share one.
   *
   * @throws the last broker's error when none answers
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Something did not fit the view: `keepFresh` asks for a new one soon. */
  doubt(): void {
    if (this.#stale) return;
    const { clock } = this.#options;
    if (clock.now() - this.#refreshedAt > DOUBT.backoffMaxMs) this.#doubts = 0;
    this.#doubts += 1;
    this.#doubtMs = requestDelayMs(this.#doubts, DOUBT, clock.random());
    this.#stale = true;
    this.#wake.abort();
  }

  /** Refreshes by age and by doubt until `stop`; while no broker answers, for ever, with capped backoff. */
  async keepFresh(): Promise<void> {
    const { clock, maxAgeMs } = this.#options;
    while (!this.#stopped) {
      const sinceMs = clock.now() - this.#refreshedAt;
      const dueMs = (this.#stale ? this.#doubtMs : maxAgeMs) - sinceMs;
      if (dueMs > 0) {
        await this.#pause(dueMs);
        continue;
      }
      this.#stale = false;
      await this.refresh().catch((error) => this.#backOff(error));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake.abort();
  }

  /**
   * The coordinator of a group, by whichever broker answers first.
   *
   * @throws CoordinatorError with the broker's error code, or the last broker's connection error
   */
  async findCoordinator(groupId: string): Promise<BrokerAddress> {
    const request = findCoordinator(groupId);
    const answer = await this.#askAnyBroker(async (to) => {
      const found = await this.#call(to, request);
      if (found.errorCode !== ERROR_CODE.NONE) throw new CoordinatorError(groupId, found.errorCode);
      return found;
    });
    const { nodeId, host, port } = answer.coordinator;
    return { id: nodeId, host, port };
  }

  #call<Answer>(to: BrokerAddress, request: ApiRequest<Answer>): Promise<Answer> {
    const { caller, requestTimeoutMs } = this.#options;
    return caller.call({ to, purpose: "metadata", request, deadlineMs: requestTimeoutMs });
  }

  async #load(): Promise<void> {
    const request = metadata([...this.#names]);
    const answer = await this.#askAnyBroker((to) => this.#call(to, request));
    this.#refreshedAt = this.#options.clock.now();
    this.#brokers.clear();
    for (const broker of answer.brokers) this.#brokers.set(broker.id, broker);
    this.#controllerId = answer.controllerId;
    let changed = false;
    for (const info of answer.topics) {
      const known = this.#topics.get(info.name);
      const merged = known === undefined ? info : newest(info, known);
      this.#topics.set(info.name, merged);
      if (merged.id !== null && !this.#firstIds.has(info.name)) {
        this.#firstIds.set(info.name, merged.id);
      }
      if (known === undefined || differs(merged, known)) changed = true;
    }
    const wasUnreachable = this.#failures > 0;
    this.#failures = 0;
    this.#outage = null;
    if (changed) this.#doubts = 0;
    // Nobody fetches from a partition without a leader, so that no failure would ask for a new view.
    if (this.#lacksLeader()) this.doubt();
    if (wasUnreachable) this.#options.onReachable();
    if (changed) this.#options.onChange();
  }

  #lacksLeader(): boolean {
    const topics = [...this.#topics.values()];
    return topics.some(({ partitions }) =>
      partitions.some(({ leader }) => !this.#brokers.has(leader))
    );
  }

  async #backOff(error: unknown): Promise<void> {
    if (this.#stopped) return;
    const { clock } = this.#options;
    this.#failures += 1;
    const delayMs = requestDelayMs(this.#failures, BACKOFF, clock.random());
    this.#outage = error;
    this.#options.onUnreachable({ attempt: this.#failures, delayMs, error });
    this.#stale = true; // so that a doubt does not cut the pause short
    await this.#pause(delayMs);
  }

  async #pause(delayMs: number): Promise<void> {
    this.#wake = new AbortController();
    await sleep(this.#options.clock, delayMs, this.#wake.signal);
  }

  /** Asks brokers in random order, a further one each HEDGE_AFTER_MS, until the first good answer. */
  async #askAnyBroker<T>(ask: (to: BrokerAddress) => Promise<T>): Promise<T> {
    const candidates = this.#candidates();
    const { clock } = this.#options;
    return await new Promise<T>((resolve, reject) => {
      let failed = 0;
      let asked = 0;
      let cancelHedge = () => {};
      const askNext = () => {
        cancelHedge();
        const to = candidates[asked];
        if (to === undefined) return;
        asked += 1;
        if (asked < candidates.length) cancelHedge = clock.schedule(HEDGE_AFTER_MS, askNext);
        ask(to).then((answer) => {
          cancelHedge();
          asked = candidates.length;
          resolve(answer);
        }, (error) => {
          failed += 1;
          if (failed < candidates.length) return askNext();
          cancelHedge();
          reject(error);
        });
      };
      askNext();
    });
  }

  /** Known brokers in random order, then the bootstrap addresses that are not among them. */
  #candidates(): BrokerAddress[] {
    const known = [...this.#brokers.values()];
    const order = new Map(known.map((broker) => [broker, this.#options.clock.random()]));
    known.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    const names = new Set(known.map(brokerName));
    return [...known, ...this.#options.bootstrap.filter((each) => !names.has(brokerName(each)))];
  }
}

/** No coordinator: the broker said why. */
export class CoordinatorError extends Error {
  override readonly name = "CoordinatorError";
  readonly errorCode: number;
  constructor(groupId: string, errorCode: number) {
    super(`Cannot find the coordinator of group ${groupId}: ${errorCodeText(errorCode)}`);
    this.errorCode = errorCode;
  }
}

/** Per partition of one topic, keeps what has the higher leader epoch: brokers learn of changes at different times. */
function newest(info: TopicInfo, known: TopicInfo): TopicInfo {
  // Whoever may not see a topic is not told its id either.
  if (isAuthorizationCode(info.errorCode)) return { ...known, errorCode: info.errorCode };
  if (info.id !== known.id) return info;
  if (info.errorCode !== ERROR_CODE.NONE) return { ...known, errorCode: info.errorCode };
  const before = new Map(known.partitions.map((each) => [each.partition, each]));
  const partitions = info.partitions.map((each) => {
    const old = before.get(each.partition);
    return old !== undefined && old.leaderEpoch > each.leaderEpoch ? old : each;
  });
  return { ...info, partitions };
}

function differs(now: TopicInfo, before: TopicInfo): boolean {
  if (now.id !== before.id || now.errorCode !== before.errorCode) return true;
  if (now.partitions.length !== before.partitions.length) return true;
  const leaders = new Map(before.partitions.map((each) => [each.partition, each.leader]));
  return now.partitions.some((each) => leaders.get(each.partition) !== each.leader);
}
