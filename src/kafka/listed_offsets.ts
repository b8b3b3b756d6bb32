/**
 * Where the logs of many partitions start, end, or stood at a time: one question to each leader for all that it leads,
 * however many these are.
 */
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { Caller, Purpose } from "./connections.ts";
import type { PartitionLeader } from "./metadata.ts";
import { type ListedOffset, listOffsets } from "./offset_requests.ts";
import type { BrokerAddress } from "./protocol.ts";

/** A leader, and those of the partitions that it leads. */
export interface Led<P extends TopicPartition> {
  readonly leader: PartitionLeader;
  readonly partitions: readonly P[];
}

/** Partitions by who leads them; `leaderless` are those that nobody does, as far as is known. */
export function byLeader<P extends TopicPartition>(
  partitions: readonly P[],
  leaderOf: (partition: P) => PartitionLeader | undefined,
): { readonly led: readonly Led<P>[]; readonly leaderless: readonly P[] } {
  const led = new Map<number, { readonly leader: PartitionLeader; readonly partitions: P[] }>();
  const leaderless: P[] = [];
  for (const partition of partitions) {
    const leader = leaderOf(partition);
    if (leader === undefined) {
      leaderless.push(partition);
      continue;
    }
    const known = led.get(leader.broker.id);
    if (known === undefined) led.set(leader.broker.id, { leader, partitions: [partition] });
    else known.partitions.push(partition);
  }
  return { led: [...led.values()], leaderless };
}

/** Whom to ask, and how. */
export interface AskedLeader {
  readonly caller: Caller;
  readonly to: BrokerAddress;
  readonly purpose: Purpose;
  readonly deadlineMs: number;
}

/**
 * What one leader answers, by partitionKey(): each with an error code of its own, and nothing of what it leaves out.
 *
 * @param at a time in milliseconds since 1970, or where the logs start or end
 * @throws what Caller.call throws
 */
export async function askOffsets(
  { caller, to, purpose, deadlineMs }: AskedLeader,
  { partitions, at }: {
    readonly partitions: readonly TopicPartition[];
    readonly at: "start" | "end" | number;
  },
): Promise<ReadonlyMap<string, ListedOffset>> {
  const request = listOffsets(partitions, at);
  const { offsets } = await caller.call({ to, purpose, request, deadlineMs });
  return new Map(offsets.map((each) => [partitionKey(each), each]));
}
