/**
 * Who gets which partition, computed by the leader of the group for all. Sticky and balanced: everybody keeps what it
 * has up to a fair share, the rest goes to whoever has least. Cooperative: a partition that must change hands is given
 * to nobody in this round; its owner gives it up and the group joins again.
 */
import type { TopicPartition } from "../processing/message.ts";

export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** The generation in which it owns them; null where it does not say. */
  readonly ownedGeneration: number | null;
}

/** Member id -> its partitions. Every member has an entry. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>;

interface Candidate {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** Who subscribes to the topic, in order of id. */
  readonly able: readonly GroupMember[];
  readonly owner: string | null;
}

/** A partition of a topic that nobody subscribes to is left out. */
export function assign(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
  options: { readonly cooperative: boolean },
): GroupAssignment {
  const sorted = [...members].sort((a, b) => a.id < b.id ? -1 : 1);
  const candidates = listCandidates(sorted, partitions);
  const target = balance(sorted, candidates);
  const plan = new Map<string, TopicPartition[]>(sorted.map(({ id }) => [id, []]));
  for (const { topic, partition, key, owner } of candidates) {
    const to = target.get(key);
    if (to === undefined) continue;
    if (options.cooperative && owner !== null && owner !== to) continue;
    plan.get(to)?.push({ topic, partition });
  }
  return plan;
}

function listCandidates(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
): Candidate[] {
  const owners = currentOwners(members);
  return [...partitions].flatMap(([topic, numbers]) => {
    const able = members.filter((member) => member.topics.includes(topic));
    if (able.length === 0) return [];
    return numbers.map((partition) => {
      const key = `${topic}/${partition}`;
      const owner = owners.get(key) ?? null;
      return { topic, partition, key, able, owner };
    });
  });
}

/** A partition that two members claim belongs to the later generation; where that does not tell, to nobody. */
function currentOwners(members: readonly GroupMember[]): ReadonlyMap<string, string | null> {
  const claims = new Map<string, { id: string | null; generation: number }>();
  for (const { id, owned, ownedGeneration } of members) {
    const generation = ownedGeneration ?? -1;
    for (const { topic, partition } of owned) {
      const key = `${topic}/${partition}`;
      const other = claims.get(key);
      if (other === undefined || generation > other.generation) claims.set(key, { id, generation });
      else if (generation === other.generation) claims.set(key, { id: null, generation });
    }
  }
  return new Map([...claims].map(([key, { id }]) => [key, id]));
}

/** Partition key -> member id, keeping as much as fairness allows. */
function balance(
  members: readonly GroupMember[],
  candidates: readonly Candidate[],
): ReadonlyMap<string, string> {
  const load = new Map(members.map(({ id }) => [id, 0]));
  const target = new Map<string, string>();
  const give = (key: string, id: string) => {
    target.set(key, id);
    load.set(id, (load.get(id) ?? 0) + 1);
  };
  const fairShare = Math.floor(candidates.length / Math.max(1, members.length));
  let oneMore = candidates.length % Math.max(1, members.length);
  for (const { key, owner, able } of candidates) {
    if (owner === null || !able.some(({ id }) => id === owner)) continue;
    const has = load.get(owner) ?? 0;
    if (has > fairShare || (has === fairShare && oneMore === 0)) continue;
    if (has === fairShare) oneMore -= 1;
    give(key, owner);
  }
  for (const { key, able } of candidates) {
    if (target.has(key)) continue;
    const least = able.reduce((a, b) => (load.get(b.id) ?? 0) < (load.get(a.id) ?? 0) ? b : a);
    give(key, least.id);
  }
  return target;
}
