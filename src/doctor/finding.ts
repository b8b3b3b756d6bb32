/** What the doctor can find: a row of the table in findings.ts, and how its texts are filled. */
import type { EXIT } from "../ops/exit.ts";

/** The parts of a report, in their order. */
export const SECTIONS = [
  "This machine",
  "Brokers",
  "Topics",
  "Rights",
  "Group",
  "Messages",
] as const;

export type Section = typeof SECTIONS[number];

/** 69: it may mend itself or be mended elsewhere; 77: rights; 78: settings. */
export type FindingExitCode =
  | typeof EXIT.UNAVAILABLE
  | typeof EXIT.NO_PERMISSION
  | typeof EXIT.CONFIG;

export interface Finding {
  readonly section: Section;
  /** One sentence without a period: what is the matter. */
  readonly title: string;
  /** `warning`: the service would run all the same. */
  readonly status: "warning" | "failed";
  /** For `failed`, also where it is only sometimes so. */
  readonly exitCode: FindingExitCode;
  /** What to do, with {facts}; null: diagnosis.ts says it. */
  readonly fix: string | null;
  /** Commands that do it, or help to, with {facts}. */
  readonly commands: readonly string[];
}

/** What stands for `{name}` in texts. */
export type Facts = Readonly<Record<string, string | number>>;

/** @throws Error when a fact is missing */
export function fill(text: string, facts: Facts): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = facts[name];
    if (fact === undefined) throw new Error(`Give the fact that a text needs: ${name}`);
    return String(fact);
  });
}
