/** `run`, the default command: the service on the Kafka of the settings, until a signal. */
import { createHandlers } from "../handlers/mod.ts";
import type { CommandContext } from "./command.ts";
import { host } from "./host.ts";

/** `handlersFor` is another set of handlers than the service's own, for tests. */
export async function run(
  { config, rows, unknown, version }: CommandContext,
  handlersFor: typeof createHandlers = createHandlers,
): Promise<number> {
  const handlers = handlersFor({ environment: config.environment });
  const until = () => new Promise<never>(() => {});
  const { exitCode } = await host({ config, rows, unknown, version, handlers, until });
  return exitCode;
}
