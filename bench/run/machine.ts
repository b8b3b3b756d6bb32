/** What is kept of the machine and the versions, so that a number can be judged later. */
import { runForResult } from "../../tests/support/command.ts";
import { kafkaVersion } from "../../tests/support/kafka_jars.ts";
import { VERSIONS } from "../peers/versions.ts";
import type { Machine } from "../results.ts";

const ASK_DEADLINE_MS = 20_000;

/** The machine as it is now. */
export async function describeMachine(): Promise<Machine> {
  const cpus = await Deno.readTextFile("/proc/cpuinfo");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpus)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    kernel: `${Deno.build.os} ${Deno.osRelease()}`,
    loadBefore: Deno.loadavg()[0] ?? 0,
  };
}

/** Runtimes that are there, Kafka unless it was given, and the packages of all peers. */
export async function describeVersions(): Promise<Readonly<Record<string, string>>> {
  const node = await firstMatch(["node", "--version"], /v([\d.]+)/);
  const python = await firstMatch(["python3", "--version"], /([\d.]+)/);
  const go = await firstMatch(["go", "version"], /go([\d.]+)/);
  return {
    Deno: Deno.version.deno,
    ...(node === null ? {} : { Node: node }),
    ...(python === null ? {} : { Python: python }),
    ...(go === null ? {} : { Go: go }),
    ...(Deno.env.get("KAFKA_BROKERS") ? {} : { "Apache Kafka": kafkaVersion() }),
    ...VERSIONS.npm,
    ...VERSIONS.pip,
    ...VERSIONS.go,
  };
}

/** The commit that is checked out, with `+` when files differ from it; `unknown` outside of git. */
export async function describeCommit(): Promise<string> {
  const commit = await firstMatch(["git", "rev-parse", "--short=12", "HEAD"], /^(\w+)$/m);
  if (commit === null) return "unknown";
  const isChanged = await firstMatch(["git", "status", "--porcelain", "src"], /(\S)/) !== null;
  return isChanged ? `${commit}+` : commit;
}

async function firstMatch(command: readonly string[], pattern: RegExp): Promise<string | null> {
  try {
    const { stdout } = await runForResult(command, { deadlineMs: ASK_DEADLINE_MS });
    return pattern.exec(stdout)?.[1] ?? null;
  } catch {
    return null; // not there
  }
}
