/** librdkafka as members of a consumer group and as administrator. Needs what librdkafka.ts needs. */
import { runOnLibrdkafka } from "./librdkafka.ts";

/** What a member's callbacks were told, oldest first. Leaving is the last one. */
export interface AssignmentChange {
  readonly kind: "assigned" | "revoked";
  readonly partitions: readonly number[];
}

/** A group as DescribeGroups shows it. Members in the order of their partitions. */
export interface DescribedGroup {
  readonly state: string;
  readonly assignor: string;
  readonly members: readonly {
    readonly instanceId: string | null;
    readonly partitions: readonly number[];
  }[];
}

interface SeenByMember {
  readonly changes: readonly AssignmentChange[];
  /** Partition and offset. */
  readonly read: readonly (readonly [partition: number, offset: number])[];
}

/** What became of two members, of which `two` came later and `one` left first. */
export interface SeenByTwo {
  readonly one: SeenByMember;
  readonly two: SeenByMember;
  /** While both were in. */
  readonly described: DescribedGroup;
  /** By partition, at the end. */
  readonly committed: readonly number[];
}

/** What became of the static member `two`, which restarted and was then replaced. */
export interface SeenByStatic {
  readonly keptItsPart: boolean;
  /** Of the other member meanwhile. */
  readonly rebalances: number;
  /** Messages that were read again though they were committed. */
  readonly readAgain: number;
  readonly described: DescribedGroup;
}

interface GroupRun {
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
}

/** `one` reads all `count` messages of the topic and commits, `two` joins, `one` leaves. */
export async function runTwoMembers(
  { bootstrap, topic, group, strategy, count }: GroupRun & {
    readonly strategy: "range" | "cooperative-sticky";
    readonly count: number;
  },
): Promise<SeenByTwo> {
  return await seen<SeenByTwo>(["group", bootstrap, topic, group, strategy, `${count}`]);
}

/** Two static members read `count` messages of each partition and commit; the topic is empty before. */
export async function runStaticMembers(
  { bootstrap, topic, group, count }: GroupRun & { readonly count: number },
): Promise<SeenByStatic> {
  return await seen<SeenByStatic>(["static", bootstrap, topic, group, `${count}`]);
}

/** Creates, changes, asks for and deletes topics, their records, and groups; answers what it was answered. */
export async function runAdmin(bootstrap: string): Promise<Readonly<Record<string, unknown>>> {
  return await seen(["admin", bootstrap]);
}

async function seen<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await runOnLibrdkafka("librdkafka_group.py", args));
}
