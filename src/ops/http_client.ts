/** Asks an HTTP server on this machine, a running service for one. */
import http from "node:http";
import { Endpoint } from "../config.ts";

export interface HttpAnswer {
  readonly status: number;
  /** The beginning of it. */
  readonly text: string;
}

const TEXT_MAX = 1_000;

/** What one asks to reach a server that listens on `host`: listening on every address includes loopback. */
export function urlOf(host: string, port: number): string {
  return `http://${new Endpoint(reachable(host), port)}`;
}

/**
 * Not by `fetch`: that would ask the proxy of HTTP_PROXY, which does not know this machine's loopback.
 *
 * @throws Error in words for people
 */
export async function get(url: string, deadlineMs: number): Promise<HttpAnswer> {
  try {
    return await ask(url, deadlineMs);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isLate = error.name === "AbortError" || error.name === "TimeoutError";
    throw isLate ? new Error(`no answer within ${deadlineMs} ms`, { cause: error }) : error;
  }
}

function ask(url: string, deadlineMs: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs);
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

function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
