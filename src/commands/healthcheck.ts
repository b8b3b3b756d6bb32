/** `healthcheck`: asks the service that runs on this machine, for containers that have no shell and no curl. */
import { type Config, Endpoint } from "../config.ts";
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
  const url = `http://${new Endpoint(reachable(httpHost), httpPort)}${path}`;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: "error",
    });
    const answer = (await response.text()).trim();
    print(`${url}: ${response.status} ${answer}`);
    return response.status === 200 ? EXIT.OK : EXIT.UNHEALTHY;
  } catch (error) {
    print(`${url}: ${reasonOf(error)}`);
    return EXIT.UNHEALTHY;
  }
}

/** Listening on every address includes loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "TimeoutError" ? `no answer within ${DEADLINE_MS} ms` : error.message;
}
