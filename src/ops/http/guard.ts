/**
 * Who may look at the console and who may act. A page of somebody else's in an operator's browser can reach this port,
 * under a name of its own that it points at loopback: hence the Host header. It can send requests, but not with our
 * token, which is in no cookie, and not as JSON without asking first: hence the others.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** Why a request is refused; null when it is not. */
export interface Refused {
  readonly status: number;
  readonly text: string;
  /** It knew no token, or a wrong one: worth a line in the log. */
  readonly isIntrusion: boolean;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Is the Host header one of ours, whatever the port? */
export function refuseHost(request: Request, hosts: readonly string[]): Refused | null {
  const name = hostOf(request)?.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === undefined) return refused(400, "Send a Host header");
  if (LOOPBACK_NAMES.has(name) || hosts.some((host) => host.toLowerCase() === name)) return null;
  return refused(403, `Add the name to CONSOLE_HOSTS to be served under it: ${name}`);
}

/** May this request change something? `token` is CONSOLE_TOKEN. */
export function refuseAction(request: Request, token: string | null): Refused | null {
  const { headers } = request;
  const origin = headers.get("origin");
  if (origin !== null && !isSameHost(origin, request)) {
    return refused(403, `Actions are taken from the console's own pages only: ${origin}`);
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    return refused(403, "Actions are taken from the console's own pages only");
  }
  if (token === null) return refused(403, "Set CONSOLE_TOKEN to allow actions");
  const [, given] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (given === undefined || !isEqual(given, token)) {
    const text = "Send CONSOLE_TOKEN as Authorization: Bearer";
    return { status: 401, text, isIntrusion: true };
  }
  const [type = ""] = (headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") {
    return refused(415, "Send JSON, as Content-Type: application/json");
  }
  return null;
}

function refused(status: number, text: string): Refused {
  return { status, text, isIntrusion: false };
}

/** Behind a proxy that ends TLS the scheme is another one. */
function isSameHost(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === hostOf(request)?.host;
}

/** By the header, not by the URL, which a request may spell out otherwise. */
function hostOf({ headers }: Request): URL | undefined {
  const url = `http://${headers.get("host") ?? ""}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** Takes as long whatever is wrong; digests are of the same length. */
function isEqual(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
