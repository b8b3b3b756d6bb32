/**
 * Judges a simulated group. While it runs: who starts what without owning it or the lease, and what a commit says of
 * messages that are not done. When it is over: all that the oracle of every run judges (tests/support/oracle.ts). It
 * believes handlers and the broker, and asks members only whether they take a partition for theirs.
 */
import { parseCommitMetadata } from "../../../src/kafka/commit_metadata.ts";
import {
  type Acknowledged,
  assertNoViolation,
  type Committed,
  type FaultWindow,
  type Handled,
  judge,
} from "../oracle.ts";

/** One partition's log, as the broker has it. */
export interface TrueLog {
  readonly topic: string;
  readonly partition: number;
  /** Key of each message, by offset; null for none. */
  readonly keys: readonly (string | null)[];
}

/** What the oracle asks a member. */
export interface Witness {
  readonly name: string;
  /** Could it start a message of the partition at this moment? A frozen one could, if it thawed. */
  mayStart(topic: string, partition: number): boolean;
}

/** A message in the hands of a handler. */
export interface Seen {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
}

export interface SeenCommit {
  readonly member: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
  /** The member had given up on the request before the broker did it. */
  readonly isLate: boolean;
}

interface Known {
  readonly log: TrueLog;
  readonly done: Set<number>;
  /** All below is done. */
  firstOpen: number;
  committed: number;
}

export class GroupOracle {
  readonly violations: string[] = [];
  /** How often a message was done that had been done before. */
  repeats = 0;
  readonly #partitions = new Map<string, Known>();
  /** Names of who runs it, by message. */
  readonly #running = new Map<string, Set<string>>();
  readonly #handled: Handled[] = [];
  readonly #committed: Committed[] = [];
  /** When commits went back because an old one arrived late. */
  readonly #late: FaultWindow[] = [];
  readonly #facts: { readonly now: () => number; readonly witnesses: () => readonly Witness[] };

  constructor(facts: { readonly now: () => number; readonly witnesses: () => readonly Witness[] }) {
    this.#facts = facts;
  }

  blame(text: string): void {
    this.violations.push(text);
  }

  add(log: TrueLog): void {
    const known = { log, done: new Set<number>(), firstOpen: 0, committed: 0 };
    this.#partitions.set(`${log.topic}/${log.partition}`, known);
  }

  started(by: Witness, seen: Seen): void {
    this.#note(by, "start", seen);
    const { topic, partition } = seen;
    const place = placeOf(seen);
    if (!by.mayStart(topic, partition)) {
      this.blame(`${by.name} started ${place} without a right to`);
    }
    for (const other of this.#facts.witnesses()) {
      if (other.name === by.name || !other.mayStart(topic, partition)) continue;
      this.blame(`${by.name} started ${place} while ${other.name} owned it, too`);
    }
    const running = this.#running.get(place) ?? new Set();
    this.#running.set(place, running);
    if (running.has(by.name)) this.blame(`${by.name} started ${place} twice at once`);
    running.add(by.name);
  }

  done(by: Witness, seen: Seen): void {
    this.#note(by, "done", seen);
    const known = this.#of(seen);
    if (known.done.has(seen.offset)) this.repeats += 1;
    known.done.add(seen.offset);
    while (known.done.has(known.firstOpen)) known.firstOpen += 1;
    this.abandoned(by, seen);
  }

  /** What comes of it does not count any more: it may start again. */
  abandoned(by: Witness, seen: Seen): void {
    this.#running.get(placeOf(seen))?.delete(by.name);
  }

  committed({ member, topic, partition, offset, metadata, isLate }: SeenCommit): void {
    const known = this.#of({ topic, partition });
    const what = `${member} committed ${offset} of ${topic}/${partition}`;
    if (offset > known.log.keys.length) this.blame(`${what}, past its end`);
    for (const { first, last } of parseCommitMetadata(metadata, offset).done) {
      for (let each = first; each <= last; each++) {
        if (!known.done.has(each)) this.blame(`${what} and said that ${each} was done`);
      }
    }
    const at = this.#facts.now();
    if (offset < known.committed && isLate) this.#late.push({ from: at, to: at });
    this.#committed.push({ topic, partition, offset, at });
    known.committed = offset;
  }

  /** How many commits went back because an old one arrived late. */
  get lateCommits(): number {
    return this.#late.length;
  }

  /** Is all done, and committed? */
  get isComplete(): boolean {
    return [...this.#partitions.values()].every(({ log: { keys }, firstOpen, committed }) =>
      committed === keys.length && firstOpen === keys.length
    );
  }

  /** All should be done by now. */
  over(eventId: string): void {
    const acknowledged: Acknowledged[] = [];
    for (const [name, { log, committed }] of this.#partitions) {
      const { topic, partition, keys } = log;
      const sent = keys.map((key, offset) => ({ topic, partition, offset, key, eventId }));
      acknowledged.push(...sent);
      if (committed === keys.length) continue;
      this.blame(`${name} is committed to ${committed} of ${keys.length}`);
    }
    const verdict = judge({
      acknowledged,
      handled: this.#handled,
      deadLettered: [],
      committed: this.#committed,
      resets: this.#late,
    });
    try {
      assertNoViolation(verdict);
    } catch (error) {
      this.blame((error as Error).message);
    }
  }

  #note({ name: process }: Witness, kind: Handled["kind"], seen: Seen): void {
    this.#handled.push({ kind, process, at: this.#facts.now(), ...seen });
  }

  #of({ topic, partition }: { readonly topic: string; readonly partition: number }): Known {
    const known = this.#partitions.get(`${topic}/${partition}`);
    if (known === undefined) throw new Error(`No such partition: ${topic}/${partition}`);
    return known;
  }
}

function placeOf({ topic, partition, offset }: Seen): string {
  return `${topic}/${partition}@${offset}`;
}
