/** `doctor`: what is wrong with this set-up, and what to do about it. Looks only, and never joins the group. */
import type { LoadedConfig } from "../config.ts";
import { examine, examineWithoutConfig } from "../doctor/doctor.ts";
import { progressText, reportJson, reportText } from "../doctor/report.ts";
import { exitCodeOf } from "../doctor/result.ts";
import { systemClock } from "../ops/system_clock.ts";
import type { Clock } from "../processing/clock.ts";
import type { DoctorFlags } from "./catalog.ts";
import { Progress } from "./progress.ts";

export interface DoctorContext {
  /** Null when the settings cannot work, for the reasons in `problems`. */
  readonly loaded: LoadedConfig | null;
  readonly problems: readonly string[];
  readonly flags: DoctorFlags;
  readonly version: string;
  readonly print: (text: string) => void;
  /** That of the machine, but in tests. */
  readonly clock?: Clock;
}

export async function run(context: DoctorContext): Promise<number> {
  const { loaded, problems, flags, version, print, clock = systemClock } = context;
  const startedAt = clock.now();
  const progress = new Progress(clock, Deno.stderr.isTerminal() && !flags.json);
  try {
    const results = loaded === null ? await examineWithoutConfig(problems) : await examine(loaded, {
      clock,
      onProgress: (sections) => progress.show(progressText(sections)),
    });
    const options = {
      title: titleOf(loaded, version),
      tookMs: clock.now() - startedAt,
      inColour: Deno.stdout.isTerminal() && !Deno.noColor,
    };
    progress.clear();
    print(flags.json ? reportJson(results, options) : reportText(results, options));
    return exitCodeOf(results);
  } finally {
    progress.clear();
  }
}

function titleOf(loaded: LoadedConfig | null, version: string): string {
  const name = `Processing Service ${version}`;
  if (loaded === null) return name;
  const { kafkaBrokers, kafkaTopic, kafkaGroupId } = loaded.config;
  return `${name}: topic ${kafkaTopic.join(", ")} on ${
    kafkaBrokers.join(", ")
  }, group ${kafkaGroupId}`;
}
