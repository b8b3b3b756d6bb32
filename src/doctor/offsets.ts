/** Committed offsets against where logs start and end: what the group will read next, and what is lost already. */
import { ERROR_CODE } from "../kafka/error_codes.ts";
import { askOffsets } from "../kafka/listed_offsets.ts";
import { offsetFetch } from "../kafka/offset_requests.ts";
import type { BrokerAddress } from "../kafka/protocol.ts";
import { ask, type ClusterView, type Examination, type LedPartition } from "./examination.ts";
import type { GroupFacts } from "./group.ts";
import type { Check, Result } from "./result.ts";
import { counted, listed } from "./text.ts";
import { byPlace, partitionKey } from "../processing/partition_key.ts";

/** One partition: its log, and what the group has committed of it. */
export interface Standing extends LedPartition {
  readonly start: number;
  readonly end: number;
  /** Null: nothing is committed, or it is not told. */
  readonly committed: number | null;
}

/** Partitions whose leaders answered. Never rejects. */
export async function readStandings(
  examination: Examination,
  { view, group }: { readonly view: ClusterView; readonly group: GroupFacts },
): Promise<readonly Standing[]> {
  const byLeader = view.byLeader(examination.config.kafkaTopic);
  const [ranges, committed] = await Promise.all([
    Promise.all([...byLeader].map(([leader, led]) => readRanges(examination, leader, led))),
    readCommitted(examination, group, [...byLeader.values()].flat()),
  ]);
  return ranges.flat()
    .map((each) => ({ ...each, committed: committed.get(partitionKey(each)) ?? null }))
    .sort(byPlace);
}

async function readRanges(
  examination: Examination,
  leader: BrokerAddress,
  led: readonly LedPartition[],
): Promise<readonly Omit<Standing, "committed">[]> {
  try {
    const { caller, deadlineMs } = examination;
    const asked = { caller, to: leader, purpose: "metadata", deadlineMs } as const;
    const [starts, ends] = await Promise.all([
      askOffsets(asked, { partitions: led, at: "start" }),
      askOffsets(asked, { partitions: led, at: "end" }),
    ]);
    return led.flatMap((each) => {
      const [start, end] = [starts, ends].map((answers) => answers.get(partitionKey(each)));
      if (start?.errorCode !== ERROR_CODE.NONE || end?.errorCode !== ERROR_CODE.NONE) return [];
      return [{ ...each, start: start.offset, end: end.offset }];
    });
  } catch {
    return []; // the broker's own line says why
  }
}

async function readCommitted(
  examination: Examination,
  { coordinator }: GroupFacts,
  partitions: readonly LedPartition[],
): Promise<ReadonlyMap<string, number>> {
  if (coordinator === null || partitions.length === 0) return new Map();
  const request = offsetFetch(examination.config.kafkaGroupId, partitions);
  const answer = await ask(examination, coordinator, request).catch(() => null);
  const told = answer?.errorCode === ERROR_CODE.NONE ? answer.partitions : [];
  return new Map(
    told.filter(({ offset, errorCode }) => offset >= 0 && errorCode === ERROR_CODE.NONE)
      .map((each) => [partitionKey(each), each.offset]),
  );
}

export function checkOffsets(
  examination: Examination,
  { standings, group }: { readonly standings: readonly Standing[]; readonly group: GroupFacts },
): readonly Result[] {
  const { config, verdicts } = examination;
  const check: Check = { section: "Group", name: "offsets" };
  if (standings.length === 0) return [];
  if (!group.isSeen) return [verdicts.skipped(check, "The user may not see them, see Rights")];
  const fresh = standings.filter(({ committed }) => committed === null);
  const problems = [
    ...standings.flatMap((standing) => outside(examination, check, standing)),
    ...(config.autoOffsetReset === "none" && fresh.length > 0
      ? [verdicts.found(check, "offsets_missing", {
        detail: `Nothing is committed of ${listed(fresh.map(partitionKey))}`,
        facts: { topic: fresh[0]?.topic ?? "" },
      })]
      : []),
  ];
  return problems.length > 0
    ? problems
    : [verdicts.ok(check, progressText(examination, standings))];
}

/** A commit that the log does not reach. With AUTO_OFFSET_RESET=none the service ends with it. */
function outside(
  { config, verdicts }: Examination,
  check: Check,
  { topic, partition, start, end, committed }: Standing,
): readonly Result[] {
  if (committed === null || (committed >= start && committed <= end)) return [];
  const where = `${partitionKey({ topic, partition })}: committed ${committed}`;
  const facts = { topic, partition };
  const status = config.autoOffsetReset === "none" ? "failed" : "warning";
  if (committed < start) {
    const detail = `${where}, the log starts at ${start}: ` +
      `${counted(start - committed, "message")} deleted unread`;
    return [verdicts.found(check, "offsets_below_start", { detail, facts, status })];
  }
  const detail = `${where}, the log ends at ${end}`;
  return [verdicts.found(check, "offsets_beyond_end", { detail, facts, status })];
}

function progressText({ config }: Examination, standings: readonly Standing[]): string {
  const known = standings.filter(({ committed }) => committed !== null);
  const lag = standings.reduce((sum, each) => sum + Math.max(0, each.end - nextOf(each)), 0);
  const behind = `${counted(lag, "message")} to read`;
  if (known.length === standings.length) return `all committed within their logs; ${behind}`;
  const begins = config.autoOffsetReset === "latest"
    ? "begins at the end"
    : `${behind} from the start`;
  return known.length === 0
    ? `nothing is committed: ${begins}`
    : `${standings.length - known.length} of ${standings.length} partitions without one; ${behind}`;
}

/** Where reading goes on, as far as that is inside the log. */
export function nextOf({ start, end, committed }: Standing): number {
  return committed !== null && committed >= start && committed <= end ? committed : start;
}
