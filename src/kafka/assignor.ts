/**
 * Who gets which partition, computed by the leader of the group for all. Sticky and balanced: everybody keeps what it
 * has up to a fair share, the rest goes to whoever has least. Cooperative: a partition that must change hands is given
 * to nobody in this round; its owner gives it up and the group joins again. Pure: the same group has the same plan.
 */
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";

export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** The generation in which it owns them; null where it does not say. */
  readonly ownedGeneration: number | null;
}

/** Member id -> its partitions, by topic and number. Every member has an entry. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>;

export interface AssignOptions {
  readonly cooperative: boolean;
  /** `range` and `roundrobin` get the plan that every client makes under these names; any other name a sticky one. */
  readonly protocol?: string;
}

/** A partition to give away. */
interface Candidate extends TopicPartition {
  /** Ids of who subscribes to its topic, in order; one list for all partitions of the topic. */
  readonly able: readonly string[];
  /** The member that may be working on it. */
  readonly owner: string | null;
  /** Several members may be working on it, and nothing tells whose it is. */
  readonly isContested: boolean;
}

/** Gives every partition to one member that subscribes to its topic; those of a topic without subscribers are left out. */
export function assign(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
  { cooperative, protocol }: AssignOptions,
): GroupAssignment {
  const ids = members.map(({ id }) => id).sort();
  const candidates = listCandidates(members, partitions);
  const target = protocol === "range"
    ? range(candidates)
    : protocol === "roundrobin"
    ? roundRobin(candidates, ids)
    : new StickyPlan(candidates, ids).target();
  const assignment = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]));
  for (const candidate of candidates) {
    const { topic, partition, owner, isContested } = candidate;
    const to = target.get(candidate);
    if (to === undefined) continue;
    if (cooperative && (isContested || (owner !== null && owner !== to))) continue;
    assignment.get(to)?.push({ topic, partition });
  }
  return assignment;
}

/** In order of topic and number. */
function listCandidates(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
): Candidate[] {
  const claims = collectClaims(members);
  return [...partitions.keys()].sort().flatMap((topic) => {
    const able = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id).sort();
    if (able.length === 0) return [];
    const numbers = partitions.get(topic)?.toSorted((a, b) => a - b) ?? [];
    return numbers.map((partition) => {
      const claim = claims.get(partitionKey({ topic, partition }));
      const isContested = claim?.isContested ?? false;
      const owner = isContested ? null : claim?.id ?? null;
      return { topic, partition, able, owner, isContested };
    });
  });
}

interface Claim {
  readonly id: string;
  readonly generation: number;
  readonly isContested: boolean;
}

/** A partition that two members claim belongs to the later generation; where that does not tell, to nobody. */
function collectClaims(members: readonly GroupMember[]): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { id, owned, ownedGeneration } of members) {
    const generation = ownedGeneration ?? -1;
    for (const each of owned) {
      const key = partitionKey(each);
      const other = claims.get(key);
      if (other?.id === id || (other !== undefined && other.generation > generation)) continue;
      claims.set(key, { id, generation, isContested: other?.generation === generation });
    }
  }
  return claims;
}

type Target = ReadonlyMap<Candidate, string>;

class StickyPlan {
  readonly #ids: readonly string[];
  readonly #candidates: readonly Candidate[];
  /** Member id -> what it is to get, what it owns first. */
  readonly #held: ReadonlyMap<string, Candidate[]>;

  constructor(candidates: readonly Candidate[], ids: readonly string[]) {
    this.#ids = ids;
    this.#candidates = candidates;
    this.#held = new Map(ids.map((id) => [id, []]));
  }

  target(): Target {
    const free = this.#keepOwned();
    // Who is able to take little is served first: what is left then suits the others.
    free.sort((a, b) => a.able.length - b.able.length);
    for (const candidate of free) {
      this.#held.get(this.#leastLoaded(candidate.able))?.push(candidate);
    }
    this.#level();
    const target = new Map<Candidate, string>();
    for (const [id, held] of this.#held) {
      for (const candidate of held) target.set(candidate, id);
    }
    return target;
  }

  /** Answers what nobody owns who may. */
  #keepOwned(): Candidate[] {
    return this.#candidates.filter((candidate) => {
      const { owner, able } = candidate;
      if (owner === null || !able.includes(owner)) return true;
      this.#held.get(owner)?.push(candidate);
      return false;
    });
  }

  /** Moves one partition at a time, from whoever has most, as long as that levels. Ends: each move lessens the sum of squared loads. */
  #level(): void {
    for (let move = this.#findMove(); move !== null; move = this.#findMove()) {
      const { from, index, to } = move;
      const [candidate] = this.#held.get(from)?.splice(index, 1) ?? [];
      if (candidate !== undefined) this.#held.get(to)?.push(candidate);
    }
  }

  #findMove(): { from: string; index: number; to: string } | null {
    const mostLoadedFirst = this.#ids.toSorted((a, b) => this.#load(b) - this.#load(a));
    for (const from of mostLoadedFirst) {
      const held = this.#held.get(from) ?? [];
      const seen = new Set<readonly string[]>();
      for (let index = held.length - 1; index >= 0; index--) {
        const able = held[index]?.able ?? [];
        if (seen.has(able)) continue;
        seen.add(able);
        const to = this.#leastLoaded(able);
        if (this.#load(to) + 2 <= held.length) return { from, index, to };
      }
    }
    return null;
  }

  #leastLoaded(able: readonly string[]): string {
    return able.reduce((least, id) => this.#load(id) < this.#load(least) ? id : least);
  }

  #load(id: string): number {
    return this.#held.get(id)?.length ?? 0;
  }
}

/** Of every topic, each subscriber gets a run of neighbours; the first ones get one more where it does not divide. */
function range(candidates: readonly Candidate[]): Target {
  const target = new Map<Candidate, string>();
  for (const ofTopic of Map.groupBy(candidates, ({ topic }) => topic).values()) {
    const able = ofTopic[0]?.able ?? [];
    const share = Math.floor(ofTopic.length / able.length);
    const withOneMore = ofTopic.length % able.length;
    let at = 0;
    able.forEach((id, i) => {
      const end = at + share + (i < withOneMore ? 1 : 0);
      for (; at < end; at++) {
        const candidate = ofTopic[at];
        if (candidate !== undefined) target.set(candidate, id);
      }
    });
  }
  return target;
}

/** One partition after the other to one member after the other, passing over who does not subscribe. */
function roundRobin(candidates: readonly Candidate[], ids: readonly string[]): Target {
  const target = new Map<Candidate, string>();
  let turn = 0;
  for (const candidate of candidates) {
    for (let tries = 0; tries < ids.length && !target.has(candidate); tries++) {
      const id = ids[turn % ids.length];
      turn += 1;
      if (id !== undefined && candidate.able.includes(id)) target.set(candidate, id);
    }
  }
  return target;
}
