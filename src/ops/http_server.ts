/**
 * Serves health, metrics and status, the console page with its stream of snapshots, and an operator's actions. Up before Kafka is reached and
 * until all else is closed. Probes and scrapes come with any Host header; what a browser could be tricked into does not.
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
import { act, type ActionName, type OperatorActions } from "./http/actions.ts";
import { EventStream } from "./http/event_stream.ts";
import { refuseAction, type Refused, refuseHost } from "./http/guard.ts";
import { CONTENT_TYPES, type ExpositionFormat, preferredFormat } from "./metrics/exposition.ts";

export interface HttpServerOptions {
  readonly config: Pick<Config, "httpHost" | "httpPort" | "consoleToken" | "consoleHosts">;
  readonly health: Pick<Health, "facts">;
  readonly clock: Clock;
  /** What `/version` answers. */
  readonly version: Readonly<Record<string, string>>;
  /** What `/metrics` answers. */
  readonly metrics: (format: ExpositionFormat) => string;
  /** What `/status` answers, as JSON. */
  readonly status: () => unknown;
  /** What `/events` sends each second, as JSON. */
  readonly snapshot: () => unknown;
  /** What `/dead-letters` answers, as JSON. */
  readonly deadLetters: () => unknown | Promise<unknown>;
  readonly actions: OperatorActions;
  /** The console's files, by path. */
  readonly consoleFiles: ReadonlyMap<string, ConsoleFile>;
  /** Somebody who does not know CONSOLE_TOKEN tried to act. */
  readonly onIntrusion: (facts: { readonly path: string; readonly from: string }) => void;
}

/** One file of the console page. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly text: string;
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
  const site = { ...options, events: new EventStream(options) };
  const server = listen(hostname, port, async (request, { remoteAddr }) => {
    return await route(request, { site, from: remoteAddr.hostname });
  });
  let closed: Promise<void> | null = null;
  return {
    url: `http://${new Endpoint(hostname, server.addr.port)}`,
    async close(deadlineMs) {
      site.events.close();
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
  handle: Deno.ServeHandler<Deno.NetAddr>,
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

/** What anybody may read who reaches the port, under whatever name. */
const PAGES: Readonly<Record<string, (site: Site, request: Request) => Response>> = {
  "/version": ({ version }) => respondJson(version),
  "/status": ({ status }) => respondJson(status()),
  "/metrics"({ metrics }, request) {
    const format = preferredFormat(request.headers.get("accept"));
    return respond(metrics(format), { headers: { "content-type": CONTENT_TYPES[format] } });
  },
};

/** Nothing from elsewhere, nothing inline, in no frame of anybody. */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const ACTIONS: Readonly<Record<string, ActionName>> = {
  "/actions/pause": "pause",
  "/actions/resume": "resume",
  "/actions/log-level": "setLogLevel",
  "/actions/rehearse": "rehearse",
  "/actions/redrive": "redrive",
  "/actions/redrive-stop": "stopRedrive",
};

/** What the page asks for beside its files. */
const CONSOLE_DATA: ReadonlySet<string> = new Set(["/events", "/dead-letters"]);

interface Site extends HttpServerOptions {
  readonly events: EventStream;
}

async function route(
  request: Request,
  { site, from }: { readonly site: Site; readonly from: string },
): Promise<Response> {
  const url = urlOf(request);
  if (url === null) return respond("Bad request\n", { status: 400 });
  const { pathname, searchParams } = url;
  const action = ACTIONS[pathname];
  if (action !== undefined) return await takeAction(action, { request, site, from });
  const probe = PROBES.get(pathname);
  const page = PAGES[pathname];
  const isConsole = CONSOLE_DATA.has(pathname) || site.consoleFiles.has(pathname);
  if (!probe && !page && !isConsole) return respond("Not found\n", { status: 404 });
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET, HEAD");
  if (page) return page(site, request);
  if (isConsole) return await respondConsole(pathname, { request, site });
  return respondProbe(pathname, {
    answer: (probe ?? livez)(site.health.facts()),
    isVerbose: searchParams.has("verbose"),
  });
}

/** Null when the request names what is no URL: `GET http://[:: HTTP/1.1`. */
function urlOf(request: Request): URL | null {
  try {
    return new URL(request.url);
  } catch {
    return null;
  }
}

/** What a page in an operator's browser may read: under our own names only. */
async function respondConsole(
  path: string,
  { request, site }: { readonly request: Request; readonly site: Site },
): Promise<Response> {
  const refused = refusal(refuseHost(request, hostsOf(site)));
  if (refused !== null) return refused;
  if (path === "/dead-letters") return respondJson(await site.deadLetters());
  const file = site.consoleFiles.get(path);
  if (file === undefined) return respondEvents(site.events);
  const { contentType, text } = file;
  return respond(text, {
    headers: { "content-type": contentType, "content-security-policy": CONSOLE_POLICY },
  });
}

function respondEvents(events: EventStream): Response {
  const stream = events.open();
  if (stream === null) return respond("Too many listen already\n", { status: 503 });
  return respond(stream, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

async function takeAction(
  action: ActionName,
  { request, site, from }: {
    readonly request: Request;
    readonly site: Site;
    readonly from: string;
  },
): Promise<Response> {
  if (request.method !== "POST") return methodNotAllowed("POST");
  const token = site.config.consoleToken?.read() ?? null;
  const refused = refuseHost(request, hostsOf(site)) ?? refuseAction(request, token);
  if (refused?.isIntrusion) site.onIntrusion({ path: `/actions/${action}`, from });
  if (refused !== null) return refusal(refused) as Response;
  const { status, text } = await act(action, { request, from, actions: site.actions });
  return respond(`${text}\n`, { status });
}

function hostsOf({ config }: Site): readonly string[] {
  return config.consoleHosts ?? [];
}

function refusal(refused: Refused | null): Response | null {
  if (refused === null) return null;
  const headers: HeadersInit = refused.status === 401 ? { "www-authenticate": "Bearer" } : {};
  return respond(`${refused.text}\n`, { status: refused.status, headers });
}

function methodNotAllowed(allow: string): Response {
  return respond("Method not allowed\n", { status: 405, headers: { allow } });
}

function respondProbe(
  path: string,
  { answer, isVerbose }: { readonly answer: HealthAnswer; readonly isVerbose: boolean },
): Response {
  const status = answer.ok ? 200 : 503;
  return respond(isVerbose ? verboseText(path, answer) : shortText(answer), { status });
}

/** `ok`, with what is worth knowing; `not ok: phase: connecting; kafka: no broker answers`. */
function shortText({ ok, checks }: HealthAnswer): string {
  const told = checks.filter((each) => ok ? each.isNote : !each.ok);
  const texts = told.map(({ name, text }) => `${name}: ${text}`);
  return `${[ok ? "ok" : "not ok", ...(texts.length > 0 ? [texts.join("; ")] : [])].join(": ")}\n`;
}

/** One line a check, in the manner of the Kubernetes API's own probes. */
function verboseText(path: string, { ok, checks }: HealthAnswer): string {
  const lines = checks.map((check) => {
    const state = `[${check.ok ? "+" : "-"}]${check.name} ${check.ok ? "ok" : "failed"}`;
    return check.text === "" ? `${state}\n` : `${state}: ${check.text}\n`;
  });
  return `${lines.join("")}${path.slice(1)} check ${ok ? "passed" : "failed"}\n`;
}

function respondJson(value: unknown): Response {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return respond(`${JSON.stringify(value, null, 2)}\n`, { headers });
}

function respond(body: BodyInit, { status = 200, headers = {} }: ResponseInit): Response {
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
