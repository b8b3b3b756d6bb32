/** An examination for unit tests: settings by name, and a cluster of which nothing can be asked. */
import { type Config, loadConfig } from "../../src/config.ts";
import type { Examination, LedPartition } from "../../src/doctor/examination.ts";
import type { Standing } from "../../src/doctor/offsets.ts";
import { Verdicts } from "../../src/doctor/result.ts";
import type { Caller } from "../../src/kafka/connections.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { configSources } from "./config_sources.ts";

export function examinationWith(
  env: Readonly<Record<string, string>> = {},
  caller: Caller = nobody,
): Examination {
  const { config } = loadConfig(configSources({ env }));
  return { config, clock: systemClock, caller, verdicts: verdictsFor(config), deadlineMs: 1_000 };
}

export function verdictsFor({ kafkaGroupId }: Config): Verdicts {
  const cluster = "--bootstrap-server kafka:9092";
  return new Verdicts({ cluster, group: kafkaGroupId, principal: "User:me" });
}

const nobody: Caller = {
  call: ({ request }) => Promise.reject(new Error(`Nobody to ask: ${request.apiName}`)),
  drop() {},
};

export const LED: LedPartition = {
  topic: "user-activity-events",
  partition: 0,
  leaderEpoch: 0,
  broker: { id: 1, host: "kafka", port: 9092 },
};

export function standing(range: Pick<Standing, "start" | "end" | "committed">): Standing {
  return { ...LED, ...range };
}

/** Answers each request by its name; what is not there fails. */
export function answering(answers: Readonly<Record<string, object>>): Caller {
  return {
    call({ request }) {
      const answer = answers[request.apiName];
      return answer === undefined
        ? Promise.reject(new Error(`Nobody to ask: ${request.apiName}`))
        : Promise.resolve(answer as never);
    },
    drop() {},
  };
}
