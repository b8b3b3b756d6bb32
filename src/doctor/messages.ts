/** Fetches what will be read next, or the last that was, and decodes and validates it. Runs no handler. */
import { fetch, type FetchedPartition, type FetchLimits } from "../kafka/fetch_request.ts";
import {
  type DecodedBatches,
  decodeRecordBatches,
  type UnreadableBatch,
} from "../kafka/record_batch.ts";
import type { BrokerAddress } from "../kafka/protocol.ts";
import { decode } from "../processing/decode.ts";
import type { Message } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import type { Examination } from "./examination.ts";
import { nextOf, type Standing } from "./offsets.ts";
import type { Check, Result } from "./result.ts";
import { counted, listed } from "./text.ts";

/** What was fetched of one partition. */
export interface Sample {
  readonly standing: Standing;
  readonly messages: readonly Message[];
  readonly unreadable: UnreadableBatch | null;
}

/** So many partitions are looked at. */
const PARTITIONS_MAX = 64;
/** So many messages of each. */
const MESSAGES_MAX = 100;
/** Where a partition is read up to its end, so many of its last messages. */
const LAST_MESSAGES = 10;
/** So many messages say something about all. */
const ENOUGH_MESSAGES = 10;
/** All answers of one broker together. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
const PARTITION_MAX_BYTES = 64 * 1024;

/** One batch of each partition. Never rejects: partitions whose leaders do not answer are left out. */
export async function takeSamples(
  examination: Examination,
  standings: readonly Standing[],
): Promise<readonly Sample[]> {
  const wanted = standings.filter(({ start, end }) => end > start).slice(0, PARTITIONS_MAX);
  const byLeader = Map.groupBy(wanted, ({ broker }) => broker);
  const samples = await Promise.all(
    [...byLeader].map(([leader, led]) =>
      readAll(examination, leader, led).catch((): readonly Sample[] => [])
    ),
  );
  return samples.flat();
}

async function readAll(
  examination: Examination,
  leader: BrokerAddress,
  led: readonly Standing[],
): Promise<readonly Sample[]> {
  const { maxPartitionFetchBytes, fetchMaxBytes } = examination.config;
  const small = Math.min(PARTITION_MAX_BYTES, maxPartitionFetchBytes);
  const answer = await read(examination, leader, led, {
    maxBytes: Math.min(ANSWER_MAX_BYTES, fetchMaxBytes),
    maxPartitionBytes: small,
  });
  const samples: Sample[] = [];
  for (const standing of led) {
    const first = await decodeOne(examination, standing, answer.get(partitionKey(standing)));
    if (first !== null && first.unreadable?.code !== "cut_off") {
      samples.push(sampleOf(standing, first));
      continue;
    }
    // Only the first batch of an answer comes whole whatever its size: this one alone.
    const limits = { maxBytes: fetchMaxBytes, maxPartitionBytes: maxPartitionFetchBytes };
    const alone = await read(examination, leader, [standing], limits);
    const again = await decodeOne(examination, standing, alone.get(partitionKey(standing)));
    if (again !== null) samples.push(sampleOf(standing, again));
  }
  return samples;
}

async function read(
  { caller, deadlineMs }: Examination,
  to: BrokerAddress,
  standings: readonly Standing[],
  limits: Pick<FetchLimits, "maxBytes" | "maxPartitionBytes">,
): Promise<ReadonlyMap<string, FetchedPartition>> {
  const positions = standings.map((standing) => ({
    topic: standing.topic,
    partition: standing.partition,
    leaderEpoch: standing.leaderEpoch,
    position: beginOf(standing),
  }));
  const request = fetch(positions, { maxWaitMs: 0, minBytes: 1, ...limits });
  const answer = await caller.call({ to, purpose: "fetch", request, deadlineMs });
  return new Map(answer.partitions.map((each) => [partitionKey(each), each]));
}

/** Where the group goes on; at the end of a log, a little before it. */
function beginOf(standing: Standing): number {
  const next = nextOf(standing);
  return next < standing.end ? next : Math.max(standing.start, standing.end - LAST_MESSAGES);
}

/** Null when there is nothing of it. */
async function decodeOne(
  { config }: Examination,
  standing: Standing,
  fetched: FetchedPartition | undefined,
): Promise<DecodedBatches | null> {
  if (fetched === undefined || fetched.records.length === 0) return null;
  return await decodeRecordBatches(fetched.records, {
    topic: standing.topic,
    partition: standing.partition,
    from: beginOf(standing),
    aborted: fetched.aborted,
    maxDecompressedBytes: config.maxDecompressedBytes,
    stopAfterBytes: 1,
  });
}

function sampleOf(standing: Standing, { messages, unreadable }: DecodedBatches): Sample {
  return { standing, messages: messages.slice(0, MESSAGES_MAX), unreadable };
}

export function checkMessages(
  examination: Examination,
  { partitions, standings, samples }: {
    /** How many there should be. */
    readonly partitions: number;
    readonly standings: readonly Standing[];
    readonly samples: readonly Sample[];
  },
): readonly Result[] {
  const { verdicts } = examination;
  const check: Check = { section: "Messages", name: "batches" };
  if (partitions === 0) return [verdicts.skipped(check, "There is no topic to read")];
  const wanted = standings.filter(({ start, end }) => end > start);
  if (standings.length === 0 || (samples.length === 0 && wanted.length > 0)) {
    return [verdicts.skipped(check, "None could be fetched, see Rights and Brokers")];
  }
  const unreadable = samples.filter((sample) => sample.unreadable !== null);
  const batches = unreadable.length > 0
    ? unreadable.map((sample) => unreadableResult(examination, check, sample))
    : [verdicts.ok(check, batchesText(samples.length))];
  return [...batches, ...checkEvents(examination, samples)];
}

function batchesText(count: number): string {
  if (count === 0) return "there is nothing to read";
  return `one batch of ${counted(count, "partition")} can be fetched and unpacked`;
}

/** What the service does with such a batch: docs/decisions/0011-unreadable-batches.md. */
const PUT_AWAY: ReadonlySet<UnreadableBatch["code"]> = new Set([
  "crc_mismatch",
  "corrupt_compression",
  "malformed_records",
]);

function unreadableResult(
  { verdicts }: Examination,
  check: Check,
  { standing, unreadable }: Sample,
): Result {
  const { code = "", message = "", baseOffset = -1, lastOffset = -1 } = unreadable ?? {};
  const detail = `${
    partitionKey(standing)
  }, offsets ${baseOffset} to ${lastOffset}, ${code}: ${message}`;
  const { topic, partition } = standing;
  if (unreadable !== null && PUT_AWAY.has(unreadable.code)) {
    const facts = { topic, partition, next: lastOffset + 1 };
    return verdicts.found(check, "batch_unreadable", { detail, facts });
  }
  const [advice = ""] = message.split(",");
  return verdicts.found(check, "batch_refused", { detail, facts: { advice } });
}

/** Decodes and validates as the service does. */
function checkEvents(
  { verdicts }: Examination,
  samples: readonly Sample[],
): readonly Result[] {
  const check: Check = { section: "Messages", name: "schema" };
  const messages = samples.flatMap((sample) => sample.messages).filter(({ value }) =>
    value !== null
  );
  if (messages.length === 0) return [];
  const bad = messages.flatMap((message) => {
    const { failure } = decode(message.value ?? new Uint8Array());
    return failure === null ? [] : [{ message, failure }];
  });
  const [first] = bad;
  if (first === undefined) {
    return [verdicts.ok(check, `${counted(messages.length, "message")} are valid events`)];
  }
  const codes = [...new Set(bad.map(({ failure }) => failure.code))];
  const { topic, partition, offset } = first.message;
  const detail = `${bad.length} of ${counted(messages.length, "message")} are not valid ` +
    `(${listed(codes)}); ${topic}/${partition} offset ${offset}: ${first.failure.message}`;
  const all = bad.length === messages.length && bad.length >= ENOUGH_MESSAGES;
  const facts = { topic, partition, offset };
  return [verdicts.found(check, all ? "schema_differs" : "messages_invalid", { detail, facts })];
}
