/**
 * Serves health, metrics and status. Up before Kafka is reached and until all else is closed. Reads only: nothing that is sent
 * here changes the service.
 */
import { type Config, Endpoint } from "../config.ts";
import { type Clock, sleep } from "../processing/clock.ts";
import { EXIT, ExitError } from "./exit.ts";
import {
  type Health,
  type HealthAnswer,
  type HealthFacts,
  livez,
  readyz,
  startupz,
} from "./health.ts";
import { CONTENT_TYPES, type ExpositionFormat, preferredFormat } from "./metrics/exposition.ts";

export interface HttpServerOptions {
  readonly config: Pick<Config, "httpHost" | "httpPort">;
  readonly health: Health;
  readonly clock: Clock;
  /** What `/version` answers. */
  readonly version: Readonly<Record<string, string>>;
  /** What `/metrics` answers. */
  readonly metrics: (format: ExpositionFormat) => string;
  /** What `/status` answers, as JSON. */
  readonly status: () => unknown;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port that the system chose where HTTP_PORT is 0. */
  readonly url: string;
  /** Takes nothing new and lets requests under way end, until the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Starts to listen; null with HTTP_PORT=off.
 *
 * @throws ExitError with 78 when address and port cannot be had
 */
export function startHttpServer(options: HttpServerOptions): HttpServer | null {
  const { httpHost: hostname, httpPort: port } = options.config;
  if (port === null) return null;
  const server = listen(hostname, port, (request) => route(request, options));
  let closed: Promise<void> | null = null;
  return {
    url: `http://${new Endpoint(hostname, server.addr.port)}`,
    async close(deadlineMs) {
      closed ??= server.shutdown();
      const late = new AbortController();
      await Promise.race([closed, sleep(options.clock, deadlineMs, late.signal)]);
      late.abort();
      server.unref(); // a client that does not read may go on; aborting after a shutdown throws (BadResource)
    },
  };
}

function listen(
  hostname: string,
  port: number,
  handle: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen() {}, onError: serverError }, handle);
  } catch (error) {
    const reason = error instanceof Deno.errors.AddrInUse
      ? "the port is taken"
      : (error as Error).message;
    throw new ExitError(
      EXIT.CONFIG,
      `Cannot listen on HTTP_HOST=${hostname}, HTTP_PORT=${port}: ${reason}. ` +
        "Choose another port, or HTTP_PORT=off to serve no health",
      { cause: error },
    );
  }
}

const PROBES: ReadonlyMap<string, (facts: HealthFacts) => HealthAnswer> = new Map([
  ["/livez", livez],
  ["/healthz", livez],
  ["/health", livez],
  ["/ping", livez],
  ["/readyz", readyz],
  ["/ready", readyz],
  ["/startupz", startupz],
]);

const PAGES: ReadonlySet<string> = new Set(["/metrics", "/status", "/version"]);

function route(request: Request, options: HttpServerOptions): Response {
  const url = urlOf(request);
  if (url === null) return respond("Bad request\n", { status: 400 });
  const { pathname, searchParams } = url;
  const probe = PROBES.get(pathname);
  const isKnown = probe !== undefined || PAGES.has(pathname);
  if (!isKnown) return respond("Not found\n", { status: 404 });
  if (request.method !== "GET" && request.method !== "HEAD") {
    return respond("Method not allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  if (pathname === "/version") return respondJson(options.version);
  if (pathname === "/metrics") {
    const format = preferredFormat(request.headers.get("accept"));
    return respond(options.metrics(format), { headers: { "content-type": CONTENT_TYPES[format] } });
  }
  if (probe === undefined) return respondJson(options.status());
  const { ok, checks } = probe(options.health.facts());
  const body = searchParams.has("verbose")
    ? verboseText(pathname, { ok, checks })
    : ok
    ? "ok\n"
    : shortText(checks);
  return respond(body, { status: ok ? 200 : 503 });
}

/** Null when the request names what is no URL: `GET http://[:: HTTP/1.1`. */
function urlOf(request: Request): URL | null {
  try {
    return new URL(request.url);
  } catch {
    return null;
  }
}

/** `not ok: phase: connecting; kafka: no broker answers`. */
function shortText(checks: HealthAnswer["checks"]): string {
  const failed = checks.filter(({ ok }) => !ok).map(({ name, text }) => `${name}: ${text}`);
  return `not ok: ${failed.join("; ")}\n`;
}

/** One line a check, in the manner of the Kubernetes API's own probes. */
function verboseText(path: string, { ok, checks }: HealthAnswer): string {
  const lines = checks.map((check) =>
    `[${check.ok ? "+" : "-"}]${check.name} ${check.ok ? "ok" : "failed"}: ${check.text}\n`
  );
  return `${lines.join("")}${path.slice(1)} check ${ok ? "passed" : "failed"}\n`;
}

function respondJson(value: unknown): Response {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return respond(`${JSON.stringify(value, null, 2)}\n`, { headers });
}

function respond(body: string, { status = 200, headers = {} }: ResponseInit): Response {
  const all = new Headers(headers);
  if (!all.has("content-type")) all.set("content-type", "text/plain; charset=utf-8");
  all.set("cache-control", "no-store");
  all.set("x-content-type-options", "nosniff");
  return new Response(body, { status, headers: all });
}

/** A status that cannot be told must not take the server down, nor tell its inside. */
function serverError(): Response {
  return respond("Internal error\n", { status: 500 });
}
