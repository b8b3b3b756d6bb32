/** `healthcheck`: asks the service that runs on this machine, for containers that have no shell and no curl. */
import type { Config } from "../config.ts";
import { get, urlOf } from "../ops/http_client.ts";
import type { HealthcheckFlags } from "./catalog.ts";
import { EXIT } from "./command.ts";

export interface HealthcheckContext {
  readonly config: Pick<Config, "httpHost" | "httpPort">;
  readonly flags: HealthcheckFlags;
  readonly print: (text: string) => void;
}

const DEADLINE_MS = 2_000;

/** Prints one line; 0 when the answer is 200, else 1. */
export async function run({ config, flags, print }: HealthcheckContext): Promise<number> {
  const { httpHost, httpPort } = config;
  if (httpPort === null || httpPort === 0) {
    const setting = httpPort === null ? "HTTP_PORT=off: no health is served" : "HTTP_PORT=0";
    print(`Cannot ask the service, choose a fixed HTTP_PORT: ${setting}`);
    return EXIT.UNHEALTHY;
  }
  const path = flags.ready ? "/readyz" : "/livez";
  const url = `${urlOf(httpHost, httpPort)}${path}`;
  try {
    const { status, text } = await get(url, DEADLINE_MS);
    print(`${url}: ${status} ${text.trim()}`);
    return status === 200 ? EXIT.OK : EXIT.UNHEALTHY;
  } catch (error) {
    print(`${url}: ${(error as Error).message}`);
    return EXIT.UNHEALTHY;
  }
}
