/** `healthcheck`: asks the service that runs on this machine, for containers that have no shell and no curl. */
import http from "node:http";
import { type Config, Endpoint } from "../config.ts";
import type { HealthcheckFlags } from "./catalog.ts";
import { EXIT } from "./command.ts";

export interface HealthcheckContext {
  readonly config: Pick<Config, "httpHost" | "httpPort">;
  readonly flags: HealthcheckFlags;
  readonly print: (text: string) => void;
}

const DEADLINE_MS = 2_000;
const TEXT_MAX = 1_000;

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
    const { status, text } = await get(url);
    print(`${url}: ${status} ${text.trim()}`);
    return status === 200 ? EXIT.OK : EXIT.UNHEALTHY;
  } catch (error) {
    print(`${url}: ${reasonOf(error)}`);
    return EXIT.UNHEALTHY;
  }
}

/** Not by `fetch`: that would ask the proxy of HTTP_PROXY, which does not know this machine's loopback. */
function get(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const request = http.get(url, { agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => text = (text + chunk).slice(0, TEXT_MAX));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

/** Listening on every address includes loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isLate = error.name === "AbortError" || error.name === "TimeoutError";
  return isLate ? `no answer within ${DEADLINE_MS} ms` : error.message;
}
