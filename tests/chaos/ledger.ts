/**
 * All that is written down in a run, read as it grows: acknowledged sends, what handlers did, commits and dead letters.
 * Says at any time how much waits where.
 */
import { FileTail } from "../support/file_tail.ts";
import { parseObserved } from "../support/group_observer.ts";
import type { Committed, DeadLettered, Handled, Place } from "../support/oracle.ts";
import { parseHandled } from "../support/recording.ts";
import { parseSent, type Sent } from "../support/steady_load.ts";

/** One process of the service and where its handlers write. */
export interface ProcessRecord {
  readonly process: string;
  readonly path: string;
}

/** How one partition stands. */
interface Standing {
  sent: number;
  /** One past the highest offset that was acknowledged. */
  end: number;
  settled: number;
  committed: number;
  lastSettledAt: number;
}

export class Ledger {
  readonly sent: Sent[] = [];
  readonly committed: Committed[] = [];
  readonly deadLettered: DeadLettered[] = [];
  /** Dones that were not the first of their message, when they were. */
  readonly repeats: Handled[] = [];
  readonly #topic: string;
  readonly #loads: FileTail[] = [];
  readonly #observer: FileTail;
  readonly #processes: {
    readonly process: string;
    readonly tail: FileTail;
    readonly found: Handled[];
  }[] = [];
  readonly #settled = new Set<string>();
  readonly #standings = new Map<number, Standing>();
  #handled: readonly Handled[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor({ topic, observer }: { readonly topic: string; readonly observer: string }) {
    this.#topic = topic;
    this.#observer = new FileTail(observer);
  }

  addLoad(path: string): void {
    this.#loads.push(new FileTail(path));
  }

  addProcess({ process, path }: ProcessRecord): void {
    this.#processes.push({ process, tail: new FileTail(path), found: [] });
  }

  /** Takes in what was written down since the last call. Calls at the same time wait for each other. */
  async read(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    await this.#reading;
  }

  /** All that handlers wrote down, by time, for one process in the order in which it wrote. */
  handled(): readonly Handled[] {
    const count = this.#processes.reduce((sum, { found }) => sum + found.length, 0);
    if (this.#handled.length !== count) {
      this.#handled = this.#processes.flatMap(({ found }) => found).sort((a, b) => a.at - b.at);
    }
    return this.#handled;
  }

  /**
   * All acknowledged sends. A producer that sent again may be told only that the broker has the message already, not
   * where: then it stands where a handler found it, at an offset that is nobody else's. NaN where none did: it is lost.
   */
  placed(): readonly Sent[] {
    const unplaced = new Set(
      this.sent.filter(({ offset }) => Number.isNaN(offset)).map(({ eventId }) => eventId),
    );
    if (unplaced.size === 0) return this.sent;
    const taken = new Set(this.sent.map(({ partition, offset }) => `${partition}@${offset}`));
    const found = this.handled().filter(({ eventId, partition, offset }) =>
      unplaced.has(eventId) && !taken.has(`${partition}@${offset}`)
    );
    const offsets = new Map(
      found.map(({ eventId, partition, offset }) => [`${partition}/${eventId}`, offset]),
    );
    return this.sent.map((sent) => {
      if (!Number.isNaN(sent.offset)) return sent;
      return { ...sent, offset: offsets.get(`${sent.partition}/${sent.eventId}`) ?? NaN };
    });
  }

  /** What one process wrote down. */
  of(process: string): readonly Handled[] {
    return this.#processes.find((each) => each.process === process)?.found ?? [];
  }

  /** Acknowledged messages without an outcome. */
  get waiting(): number {
    return this.sent.length - this.#settled.size;
  }

  /** Everything acknowledged has its outcome, and that is committed. */
  get isCommitted(): boolean {
    return this.#standings.values().every(({ end, committed }) => committed === end);
  }

  /** Partitions in which something waits and nothing has had its outcome after that time. */
  stuckSince(at: number): readonly number[] {
    return [...this.#standings].filter(([, { sent, settled, lastSettledAt }]) =>
      sent > settled && lastSettledAt <= at
    ).map(([partition]) => partition);
  }

  /** How many partitions had something new with an outcome after that time. */
  movedSince(at: number): number {
    return [...this.#standings.values()].filter(({ lastSettledAt }) => lastSettledAt > at).length;
  }

  /** For people: where nothing moves. */
  describe(): string {
    const rows = [...this.#standings].sort(([a], [b]) => a - b).map(([partition, each]) =>
      `${partition}: ${each.settled}/${each.sent}, committed ${each.committed}/${each.end}`
    );
    return rows.join("; ");
  }

  async #read(): Promise<void> {
    for (const load of this.#loads) {
      for (const line of await load.read()) this.#takeSent(parseSent(line));
    }
    for (const { process, tail, found } of this.#processes) {
      for (const line of await tail.read()) {
        const handled = parseHandled(line, process);
        found.push(handled);
        if (handled.kind === "done" && !this.#settle(handled)) this.repeats.push(handled);
      }
    }
    for (const line of await this.#observer.read()) {
      const { kind, topic, partition, offset, at } = parseObserved(line);
      if (topic !== this.#topic || offset < 0) continue;
      const place = { topic, partition, offset, at };
      if (kind === "dead") {
        this.deadLettered.push(place);
        this.#settle(place);
      } else {
        this.committed.push(place);
        this.#standing(partition).committed = offset;
      }
    }
  }

  #takeSent(sent: Sent): void {
    this.sent.push(sent);
    const standing = this.#standing(sent.partition);
    standing.sent += 1;
    if (!Number.isNaN(sent.offset)) standing.end = Math.max(standing.end, sent.offset + 1);
  }

  /** False when it had an outcome already. */
  #settle({ partition, offset, at }: Place & { readonly at: number }): boolean {
    const id = `${partition}@${offset}`;
    if (this.#settled.has(id)) return false;
    this.#settled.add(id);
    const standing = this.#standing(partition);
    standing.settled += 1;
    standing.lastSettledAt = Math.max(standing.lastSettledAt, at);
    return true;
  }

  #standing(partition: number): Standing {
    const known = this.#standings.get(partition);
    if (known !== undefined) return known;
    const made = { sent: 0, end: 0, settled: 0, committed: 0, lastSettledAt: 0 };
    this.#standings.set(partition, made);
    return made;
  }
}
