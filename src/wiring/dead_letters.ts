/** The way of the service to its own dead letters. */
import { LettersBoard } from "../dead_letters/board.ts";
import { lookUpSource } from "../dead_letters/source.ts";
import type { ClosableCaller } from "../kafka/connections.ts";
import type { Metadata } from "../kafka/metadata.ts";
import type { ServiceOptions } from "./service_options.ts";

/** Small, so that what runs beside is not held up by a page. */
const PAGE_BYTES = 262_144;

/** What is refused there has nothing to do with the work of the service: `access` does not hear of it. */
export function wireLetters(
  { config, clock, handlers, telemetry }: ServiceOptions,
  { connections: caller, metadata }: {
    readonly connections: ClosableCaller;
    readonly metadata: Metadata;
  },
): LettersBoard {
  const maxPartitionFetchBytes = Math.min(PAGE_BYTES, config.maxPartitionFetchBytes);
  const limited = { ...config, maxPartitionFetchBytes };
  return new LettersBoard({
    config,
    clock,
    handlers,
    lookUp: (signal) => lookUpSource({ config: limited, clock, caller, metadata, signal }),
    telemetry: { rehearsed: (scope, facts) => telemetry.operator.rehearsed(scope, facts) },
  });
}
