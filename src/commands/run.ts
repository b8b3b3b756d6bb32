/** `run`, the default command: the service on the Kafka of the settings, until a signal. */
import { createHandlers } from "../handlers/mod.ts";
import type { HandlersFor } from "../workers/pipeline.ts";
import { workerCount } from "../workers/split.ts";
import type { CommandContext } from "./command.ts";
import type { WorkersOptions } from "./consuming.ts";
import { host } from "./host.ts";

/** What makes the handlers in this thread, and the module that makes them in workers. */
export interface Processing {
  readonly handlersFor: HandlersFor;
  readonly module: URL;
}

/** `processing` is another one than the service's own, for tests. */
export async function run(
  { config, rows, unknown, version, sources }: CommandContext,
  { handlersFor, module }: Processing = {
    handlersFor: createHandlers,
    module: new URL("../workers/thread.ts", import.meta.url),
  },
): Promise<number> {
  const handlers = handlersFor({ environment: config.environment });
  const until = () => new Promise<never>(() => {});
  const count = workerCount(config, navigator.hardwareConcurrency);
  const workers: { workers?: WorkersOptions } = count === 1
    ? {}
    : { workers: { count, module, sources } };
  const options = { config, rows, unknown, version, handlers, until };
  const { exitCode } = await host({ ...options, ...workers });
  return exitCode;
}
