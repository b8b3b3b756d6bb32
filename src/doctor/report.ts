/** The report, for people and as JSON. */
import { type Section, SECTIONS } from "./finding.ts";
import { exitCodeOf, type Result, type Status } from "./result.ts";
import { counted, plain } from "./text.ts";

export interface ReportOptions {
  /** What was examined, in the first line. */
  readonly title: string;
  readonly tookMs: number;
  readonly inColour: boolean;
}

const WIDTH = 100;
/** Longer names do not push everybody's details to the right. */
const NAME_MAX = 32;
const STATUS_WIDTH = 8;
const FIX = "fix: ";
const COLOUR: Readonly<Record<Status, number>> = { ok: 32, warning: 33, failed: 31, skipped: 90 };

/** One line a check; below what is wrong, the fix and the commands. */
export function reportText(given: readonly Result[], options: ReportOptions): string {
  const results = given.map(harmless);
  const nameWidth = Math.min(NAME_MAX, Math.max(...results.map(({ name }) => name.length)));
  const paint = painter(options.inColour);
  const lines = [options.title, ""];
  for (const section of SECTIONS) {
    const own = results.filter((result) => result.section === section);
    if (own.length === 0) continue;
    lines.push(paint(section, 1));
    for (const result of own) lines.push(...resultLines(result, { nameWidth, paint }));
    lines.push("");
  }
  return [...lines, summary(results, options.tookMs)].join("\n");
}

/** Names of clients, what brokers say and what is in messages come from others. */
function harmless(result: Result): Result {
  return {
    ...result,
    name: plain(result.name),
    detail: plain(result.detail),
    fix: result.fix === null ? null : plain(result.fix),
    commands: result.commands.map(plain),
  };
}

type Paint = (text: string, code: number) => string;

function painter(inColour: boolean): Paint {
  return (text, code) => inColour ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function resultLines(
  { status, name, detail, finding, fix, commands }: Result,
  { nameWidth, paint }: { readonly nameWidth: number; readonly paint: Paint },
): readonly string[] {
  const indent = " ".repeat(2 + STATUS_WIDTH + 1);
  const nameColumn = name.length > nameWidth ? name : name.padEnd(nameWidth);
  const hanging = `${indent}${" ".repeat(nameWidth + 2)}`;
  const text = finding === null ? detail : `${detail} [${finding}]`;
  const shown = `  ${paint(status.padEnd(STATUS_WIDTH), COLOUR[status])} ${nameColumn}`;
  const fitsBeside = indent.length + nameColumn.length + 2 + text.length <= WIDTH;
  const [first = "", ...rest] = fitsBeside ? [text] : wrap(text, WIDTH - hanging.length);
  const isBelow = !fitsBeside && name.length > nameWidth;
  return [
    ...(isBelow ? [shown, `${hanging}${first}`] : [`${shown}  ${first}`]),
    ...rest.map((line) => `${hanging}${line}`),
    ...fixLines(fix, indent),
    ...commands.map((command) => `${indent}  $ ${command}`),
  ];
}

function fixLines(fix: string | null, indent: string): readonly string[] {
  if (fix === null) return [];
  const [first = "", ...rest] = wrap(fix, WIDTH - indent.length - FIX.length);
  return [
    `${indent}${FIX}${first}`,
    ...rest.map((line) => `${indent}${" ".repeat(FIX.length)}${line}`),
  ];
}

/** Words longer than the width stand alone. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function summary(results: readonly Result[], tookMs: number): string {
  const count = (status: Status) => results.filter((result) => result.status === status).length;
  const parts = [
    `${count("ok")} ok`,
    counted(count("warning"), "warning"),
    `${count("failed")} failed`,
    ...(count("skipped") === 0 ? [] : [`${count("skipped")} could not be looked at`]),
  ];
  const seconds = (tookMs / 1000).toFixed(1);
  return `${parts.join(", ")}, in ${seconds} s; exit code ${exitCodeOf(results)}`;
}

/** For scripts: stable names, everything of each result. */
export function reportJson(results: readonly Result[], options: ReportOptions): string {
  const checks = results.map(({ exitCode, ...result }) => ({ ...result, exit_code: exitCode }));
  const exitCode = exitCodeOf(results);
  const report = {
    ok: exitCode === 0,
    exit_code: exitCode,
    took_ms: Math.round(options.tookMs),
    checks,
  };
  return JSON.stringify(report, null, 2);
}

/** `Brokers, Topics`, for who waits. */
export function progressText(waitingFor: readonly Section[]): string {
  return `Looking at: ${waitingFor.join(", ")}`;
}
