/** The doctor, run in this process, and its report as scripts get it. */
import { run } from "../../src/commands/doctor.ts";
import { loadConfig } from "../../src/config.ts";
import type { Result } from "../../src/doctor/result.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import type { Clock } from "../../src/processing/clock.ts";
import { configSources } from "./config_sources.ts";

export interface DoctorReport {
  readonly exitCode: number;
  readonly tookMs: number;
  readonly checks: readonly Omit<Result, "exitCode">[];
}

/** By these settings alone. */
export async function askDoctor(
  settings: Readonly<Record<string, string>>,
  clock: Clock = systemClock,
): Promise<DoctorReport> {
  let printed = "";
  const exitCode = await run({
    loaded: loadConfig(
      configSources({ env: { HTTP_PORT: "off", ...settings }, now: Date.now() }),
    ),
    problems: [],
    flags: { json: true },
    version: "1.2.3",
    print: (text) => printed += text,
    clock,
  });
  const { took_ms: tookMs, checks } = JSON.parse(printed);
  return { exitCode, tookMs, checks };
}

/** What is not as it should be, each finding once. */
export function findingsOf({ checks }: DoctorReport): readonly string[] {
  return [...new Set(checks.flatMap(({ finding }) => finding === null ? [] : [finding]))];
}

/** Every command that the report gives. */
export function commandsOf({ checks }: DoctorReport): readonly string[] {
  return checks.flatMap(({ commands }) => commands);
}

/** As a person would read it, for messages of failed tests. */
export function shown({ checks }: DoctorReport): string {
  return checks.map(({ status, name, detail, finding }) =>
    `${status} ${name}: ${detail} ${finding ?? ""}`
  ).join("\n");
}
