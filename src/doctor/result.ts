/** What a check came to, and how findings become results: the table's texts with the facts of this set-up. */
import type { Diagnosis } from "../kafka/diagnosis.ts";
import { type Facts, fill, type FindingExitCode, type Section } from "./finding.ts";
import { type FindingId, findingOf, isFindingId } from "./findings.ts";

export type Status = "ok" | "warning" | "failed" | "skipped";

/** What is looked at. */
export interface Check {
  readonly section: Section;
  /** `topic user-activity-events`. */
  readonly name: string;
}

export interface Result extends Check {
  readonly status: Status;
  /** What was seen, or why nothing was. */
  readonly detail: string;
  /** Null when all is well. */
  readonly finding: FindingId | null;
  readonly fix: string | null;
  readonly commands: readonly string[];
  /** Null unless failed. */
  readonly exitCode: FindingExitCode | null;
}

export interface Found {
  readonly detail: string;
  readonly facts?: Facts;
  /** Instead of the table's: the same can be harmless here and fatal there. */
  readonly status?: "warning" | "failed";
  /** For findings whose fix is not in the table. */
  readonly fix?: string;
}

/** Turns what checks saw into results. `facts` are those that every text may use. */
export class Verdicts {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  ok(check: Check, detail: string): Result {
    return { ...check, status: "ok", detail, ...NOTHING_FOUND };
  }

  /** It could not be looked at, for a reason that stands elsewhere in the report. */
  skipped(check: Check, detail: string): Result {
    return { ...check, status: "skipped", detail, ...NOTHING_FOUND };
  }

  found(check: Check, id: FindingId, found: Found): Result {
    const finding = findingOf(id);
    const facts = { ...this.#facts, ...found.facts };
    const status = found.status ?? finding.status;
    const fix = finding.fix === null ? found.fix ?? null : fill(finding.fix, facts);
    return {
      ...check,
      status,
      detail: found.detail,
      finding: id,
      fix,
      commands: finding.commands.map((command) => fill(command, facts)),
      exitCode: status === "failed" ? finding.exitCode : null,
    };
  }

  /** As `found`, for what diagnosis.ts has told apart. */
  diagnosed(
    check: Check,
    { kind, text, hint }: Diagnosis,
    more: { readonly facts: Facts; readonly status?: "warning" | "failed" },
  ): Result {
    const id = isFindingId(kind) ? kind : "other";
    return this.found(check, id, { detail: text, fix: hint, ...more });
  }
}

const NOTHING_FOUND = { finding: null, fix: null, commands: [], exitCode: null } as const;

/** What cannot be mended by waiting counts first: 78, then 77, then 69; 0 when nothing failed. */
export function exitCodeOf(results: readonly Result[]): FindingExitCode | 0 {
  const codes = results.map(({ exitCode }) => exitCode ?? 0);
  return codes.reduce((worst, code) => code > worst ? code : worst, 0);
}
