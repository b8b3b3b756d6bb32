/** The system calls of a program that touch files and processes, as `strace` writes them down. */
import { commandExists, succeeds } from "./command.ts";

/** A call that succeeded. */
export interface SystemCall {
  readonly name: string;
  /** As text, cut off where strace cuts. */
  readonly args: string;
  /** The file that it names first; null when it names none. */
  readonly path: string | null;
}

const PROBE_DEADLINE_MS = 20_000;
const LINE = /^\d+ +(?<name>\w+)\((?<args>.*)\) += (?<result>-?\w+)/;

/** Why system calls cannot be watched, as a phrase; null when they can. */
export async function straceMissing(): Promise<string | null> {
  if (!await commandExists("strace")) return "no strace on this machine";
  const probe = ["strace", "-f", "-o", "/dev/null", "true"];
  return await succeeds(probe, PROBE_DEADLINE_MS) ? null : "no right to watch system calls";
}

/** Starts `command` as the direct child, watched from aside, so that signals reach it. */
export function straceCommand(command: readonly string[], output: string): readonly string[] {
  const what = ["-D", "-f", "-qq", "-s", "4096", "-e", "trace=file,process,ftruncate,fallocate"];
  return ["strace", ...what, "-o", output, ...command];
}

/** The calls in what strace wrote, but for those that failed. */
export function readCalls(text: string): readonly SystemCall[] {
  return joined(text).flatMap((line) => {
    const { name, args, result } = LINE.exec(line)?.groups ?? {};
    if (name === undefined || args === undefined || result?.startsWith("-")) return [];
    return [{ name, args, path: /"([^"]*)"/.exec(args)?.[1] ?? null }];
  });
}

/** A call during which another thread was heard of stands in two lines. */
function joined(text: string): readonly string[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const pid = line.split(" ")[0] ?? "";
    const [, start] = /^(.*) <unfinished \.\.\.>$/.exec(line) ?? [];
    if (start !== undefined) {
      begun.set(pid, start);
      return [];
    }
    const [, end] = /^\d+ +<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? [];
    return end === undefined ? [line] : [`${begun.get(pid) ?? ""}${end}`];
  });
}
