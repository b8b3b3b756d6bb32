/**
 * Order per key, and a limit on what runs: one lane per (partition, key), one message of a lane at a time, at most
 * `concurrency` lanes at once, first come first served. A lane that waits for a retry holds no slot. Nothing new starts
 * while the lease is gone, or above the frontier of a draining partition; such lanes are parked until `wake`.
 */
import type { Clock } from "./clock.ts";
import type { Step } from "./attempts.ts";
import type { Entry, Partition } from "./partition.ts";

export interface LaneOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  readonly unkeyedOrder: "partition" | "none";
  readonly mayStart: () => boolean;
  readonly attempt: (partition: Partition, entry: Entry) => Promise<Step>;
  readonly onOutcome: (partition: Partition, entry: Entry) => void;
  /** Something ended: a drain may be over. */
  readonly onIdle: () => void;
}

interface Lane {
  readonly partition: Partition;
  readonly key: string | null;
  readonly queue: Entry[];
}

const latin1 = new TextDecoder("latin1");

export class Lanes {
  readonly #options: LaneOptions;
  readonly #byPartition = new Map<Partition, Map<string, Lane>>();
  #ready: Lane[] = [];
  #parked: Lane[] = [];
  #running = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#running;
  }

  add(partition: Partition, entries: readonly Entry[]): void {
    for (const entry of entries) this.#enqueue(partition, entry);
    this.#pump();
  }

  /** The lease holds again, a drain was called off, or a partition was dropped. */
  wake(): void {
    if (this.#parked.length > 0) {
      this.#ready.push(...this.#parked);
      this.#parked = [];
    }
    this.#pump();
  }

  /** Forgets what is queued for a dropped partition. */
  forget(partition: Partition): void {
    this.#byPartition.delete(partition);
    this.#ready = this.#ready.filter((lane) => lane.partition !== partition);
    this.#parked = this.#parked.filter((lane) => lane.partition !== partition);
  }

  #enqueue(partition: Partition, entry: Entry): void {
    const key = this.#laneKey(entry);
    if (key === null) {
      this.#ready.push({ partition, key, queue: [entry] });
      return;
    }
    let lanes = this.#byPartition.get(partition);
    if (lanes === undefined) {
      lanes = new Map();
      this.#byPartition.set(partition, lanes);
    }
    const lane = lanes.get(key);
    if (lane !== undefined) {
      lane.queue.push(entry);
      return;
    }
    const fresh: Lane = { partition, key, queue: [entry] };
    lanes.set(key, fresh);
    this.#ready.push(fresh);
  }

  #laneKey({ message }: Entry): string | null {
    if (message.key !== null) return `k${latin1.decode(message.key)}`;
    return this.#options.unkeyedOrder === "partition" ? "unkeyed" : null;
  }

  #pump(): void {
    while (this.#running < this.#options.concurrency) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      const [entry] = lane.queue;
      if (entry === undefined || lane.partition.state === "dropped") continue;
      if (entry.done) {
        lane.queue.shift();
        this.#requeue(lane);
      } else if (this.#options.mayStart() && lane.partition.mayStart(entry)) {
        void this.#run(lane, entry);
      } else {
        this.#parked.push(lane);
      }
    }
  }

  async #run(lane: Lane, entry: Entry): Promise<void> {
    const { partition } = lane;
    const { attempt, onOutcome, onIdle, clock } = this.#options;
    this.#running += 1;
    partition.inFlight += 1;
    partition.started(entry);
    const step = await attempt(partition, entry);
    this.#running -= 1;
    partition.inFlight -= 1;
    if (partition.state !== "dropped" && step !== null) {
      if ("outcome" in step) {
        lane.queue.shift();
        onOutcome(partition, entry);
        this.#requeue(lane);
      } else {
        clock.schedule(step.retryAfterMs, () => {
          if (partition.state !== "dropped") this.#ready.push(lane);
          this.#pump();
        });
      }
    }
    onIdle();
    this.#pump();
  }

  #requeue(lane: Lane): void {
    if (lane.queue.length > 0) this.#ready.push(lane);
    else if (lane.key !== null) this.#byPartition.get(lane.partition)?.delete(lane.key);
  }
}
