/**
 * Reads dead letters from where they lie, without a group: those that nobody has dealt with yet and that fit a filter,
 * up to where the topics ended when the reading began. One page is in memory at a time.
 */
import type { LogReader, LogStretch } from "../kafka/log_reader.ts";
import type { TopicPartition } from "../processing/message.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { type LetterFilter, matches } from "./filter.ts";
import { type Letter, parseLetter } from "./letter.ts";
import type { Settled } from "./settled.ts";

export interface ReadingOptions {
  readonly reader: Pick<LogReader, "stretches" | "pages">;
  /** The partitions of the dead-letter topics. */
  readonly partitions: readonly TopicPartition[];
  readonly settled: Settled;
  readonly filter: LetterFilter;
  /** Told after each page. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** Offsets that have been looked at, and all of them, gaps included. */
export interface Progress {
  readonly done: number;
  readonly all: number;
}

/** What was read beside the letters that were asked for. */
export interface ReadingReport {
  /** Letters in the log that a redrive has dealt with, offsets that hold none included. */
  readonly settled: number;
  /** Letters that do not fit the filter. */
  readonly filtered: number;
  /** Batches that cannot be read, for people. */
  readonly unreadable: readonly string[];
  /** False: the signal came first. */
  readonly isComplete: boolean;
}

/** A page of the letters that were asked for; `return`s what else there was. */
export async function* readLetters(
  { reader, partitions, settled, filter, onProgress, signal }: ReadingOptions,
): AsyncGenerator<readonly Letter[], ReadingReport> {
  const logs = await reader.stretches(partitions);
  const stretches = logs.map((log) => unsettled(log, settled));
  const all = stretches.reduce((sum, each) => sum + lengthOf(each), 0);
  const skipped = logs.reduce((sum, each) => sum + lengthOf(each), 0) - all;
  const counts = { settled: skipped, filtered: 0 };
  const unreadable: string[] = [];
  let before = 0;
  for (const [i, stretch] of stretches.entries()) {
    const isKnown = logs[i] !== undefined && isOfThisLog(settled, logs[i]);
    for await (const page of reader.pages(stretch, signal)) {
      const letters: Letter[] = [];
      for (const record of page.messages) {
        if (isKnown && settled.has(record)) counts.settled += 1;
        else {
          const letter = parseLetter(record);
          if (matches(letter, filter)) letters.push(letter);
          else counts.filtered += 1;
        }
      }
      if (page.unreadable !== null && unreadable.length < UNREADABLE_MAX) {
        unreadable.push(`${partitionKey(stretch)}: ${page.unreadable.message}`);
      }
      onProgress?.({ done: before + page.next - stretch.start, all });
      if (letters.length > 0) yield letters;
    }
    if (signal?.aborted) break;
    before += lengthOf(stretch);
  }
  return { ...counts, unreadable, isComplete: signal?.aborted !== true };
}

const UNREADABLE_MAX = 10;

/** Without the beginning of which all is settled. */
function unsettled(log: LogStretch, settled: Settled): LogStretch {
  if (!isOfThisLog(settled, log)) return log;
  return { ...log, start: Math.max(log.start, settled.below(log)) };
}

/** What is committed beyond the end was committed of another log. */
function isOfThisLog(settled: Settled, log: LogStretch): boolean {
  return settled.below(log) <= log.end;
}

function lengthOf({ start, end }: LogStretch): number {
  return end - start;
}
