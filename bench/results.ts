/**
 * What was measured, as it is kept: one section for each broker and data set, with the machine, the versions and the
 * command that it came from. docs/performance.md is made of it, and of nothing else.
 */
import { readKept, writeKept } from "./kept.ts";
import type { Spread } from "./report/statistics.ts";

/** The file that is kept. */
export const RESULTS = new URL("./results.json", import.meta.url).pathname;

/** One peer in one section. */
export interface Row {
  readonly peer: string;
  readonly title: string;
  readonly decodes: string;
  readonly validates: string;
  readonly isOurs: boolean;
  /** Why there are no numbers; null when there are. */
  readonly missing: string | null;
  /** CPU seconds for a million messages; at a steady rate the share of a core in percent. */
  readonly cpu: Spread | null;
  /** Messages a second, of the whole run from the start of the process. */
  readonly wholeRate: Spread | null;
  /** From the first message on. */
  readonly streamRate: Spread | null;
  readonly peakRssBytes: Spread | null;
  /** Milliseconds; at a steady rate only. */
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Milliseconds until the producer's messages were acknowledged, 99 of 100; at a steady rate only. */
  readonly acknowledgedP99?: Spread;
}

/** One broker with one data set. */
export interface Section {
  /** `kafka` or `static`. */
  readonly broker: string;
  readonly brokerDescription: string;
  /** The name of the set, or `rate`. */
  readonly set: string;
  readonly title: string;
  readonly messages: number;
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** ISO 8601, when it was over. */
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

/** Where it was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** The load average of a minute before the section began: what else the machine had to do. */
  readonly loadBefore: number;
}

/** The sections that are kept; none where there is no file yet. */
export async function readResults(path: string = RESULTS): Promise<readonly Section[]> {
  return await readKept<readonly Section[]>(path) ?? [];
}

/** Keeps a section in place of the one of the same broker and set. */
export async function keepSection(section: Section, path: string = RESULTS): Promise<void> {
  await writeKept(path, merge(await readResults(path), section));
}

/** With the section in its place, or at the end. */
export function merge(sections: readonly Section[], section: Section): readonly Section[] {
  const isSame = (other: Section) => other.broker === section.broker && other.set === section.set;
  if (!sections.some(isSame)) return [...sections, section];
  return sections.map((other) => isSame(other) ? section : other);
}
