/** The way of the service to its own dead letters. */
import { LettersBoard } from "../dead_letters/board.ts";
import { lookUpSource } from "../dead_letters/source.ts";
import type { ClosableCaller } from "../kafka/connections.ts";
import type { Metadata } from "../kafka/metadata.ts";
import type { ServiceOptions } from "./service_options.ts";

/** What is refused there has nothing to do with the work of the service: `access` does not hear of it. */
export function wireLetters(
  { config, clock, handlers, telemetry }: ServiceOptions,
  { connections: caller, metadata }: {
    readonly connections: ClosableCaller;
    readonly metadata: Metadata;
  },
): LettersBoard {
  return new LettersBoard({
    config,
    clock,
    handlers,
    lookUp: (signal) => lookUpSource({ config, clock, caller, metadata, signal }),
    telemetry: { rehearsed: (scope, facts) => telemetry.operator.rehearsed(scope, facts) },
  });
}
