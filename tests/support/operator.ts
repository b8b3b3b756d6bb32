/** What an operator does over HTTP, and what the service then shows. */
import type { StatusDocument } from "../../src/ops/snapshot.ts";
import { readMetrics, type Series } from "./metric_facts.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends an action with the token; the body is sent as it is. */
export async function sendAction(
  url: string,
  action: { readonly name: "pause" | "resume"; readonly body: unknown; readonly token: string },
): Promise<Answer> {
  const response = await fetch(`${url}/actions/${action.name}`, {
    method: "POST",
    headers: { authorization: `Bearer ${action.token}`, "content-type": "application/json" },
    body: JSON.stringify(action.body),
  });
  return { status: response.status, text: await response.text() };
}

export async function readStatus(url: string): Promise<StatusDocument> {
  return await (await fetch(`${url}/status`)).json();
}

export async function scrape(url: string): Promise<readonly Series[]> {
  return readMetrics(await (await fetch(`${url}/metrics`)).text());
}
