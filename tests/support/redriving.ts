/** Redrives in the process of a test, with handlers of its own. */
import { loadConfig } from "../../src/config.ts";
import { EVERY_LETTER, type LetterFilter } from "../../src/dead_letters/filter.ts";
import type { EnrichedEvent } from "../../src/event.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import type { Handle } from "../../src/processing/message.ts";
import { Redrive, type RedriveOptions, type RedriveReport } from "../../src/redrive.ts";
import { RecordingLogger } from "./recording_telemetry.ts";

export interface RedriveToMake extends Partial<Omit<RedriveOptions, "config" | "filter">> {
  readonly topic: string;
  readonly group: string;
  readonly handle?: Handle<EnrichedEvent>;
  readonly filter?: Partial<LetterFilter>;
  readonly settings?: Readonly<Record<string, string>>;
}

/** One that has not begun. */
export function makeRedrive(
  kafka: { readonly bootstrap: string },
  { topic, group, handle = () => {}, filter = {}, settings = {}, ...own }: RedriveToMake,
): Redrive {
  const { config } = loadConfig({
    flags: new Map(),
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: group,
      SESSION_TIMEOUT_MS: "6000",
      HEARTBEAT_INTERVAL_MS: "500",
      FETCH_MAX_WAIT_MS: "100",
      AUTO_COMMIT_INTERVAL_MS: "200",
      PROCESSING_BACKOFF_MS: "5",
      PROCESSING_BACKOFF_MAX_MS: "20",
      ...settings,
    },
    readFile: (path) => {
      throw new Deno.errors.NotFound(`No such file: ${path}`);
    },
  });
  return new Redrive({
    config,
    clock: systemClock,
    logger: new RecordingLogger(),
    version: "0.0.0-test",
    what: "redrive",
    count: null,
    rate: null,
    handlers: { byType: {}, default: handle },
    filter: { ...EVERY_LETTER, ...filter },
    ...own,
  });
}

/** One from its beginning to its end. */
export async function runRedrive(
  ...args: Parameters<typeof makeRedrive>
): Promise<RedriveReport> {
  return await makeRedrive(...args).run();
}
