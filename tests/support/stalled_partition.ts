/** A service with short limits, one partition of which stands still: what its log, readiness and status say then. */
import assert from "node:assert/strict";
import type { StallSnapshot } from "../../src/ops/snapshot.ts";
import type { StallCause } from "../../src/ops/stall_cause.ts";
import { eventually } from "./eventually.ts";
import type { Program } from "./program.ts";
import { logLines } from "./service.ts";

export const SOFT_MS = 1_000;
export const HARD_MS = 3_000;

/** Everything that waits does so for less than the limits, so that these decide. */
export const SHORT_LIMITS: Readonly<Record<string, string>> = {
  STALL_SOFT_MS: String(SOFT_MS),
  STALL_HARD_MS: String(HARD_MS),
  HANDLER_TIMEOUT_MS: "1500",
  REQUEST_TIMEOUT_MS: "500",
  SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "500",
  METADATA_MAX_AGE_MS: "1000",
  PROCESSING_BACKOFF_MAX_MS: "500",
  DRAIN_TIMEOUT_MS: "500",
  HTTP_PORT: "0",
};

const WITHIN_MS = 30_000;

/** Waits until the status names the cause; readiness and log must agree. Answers the stall. */
export async function untilNamed(
  service: Program,
  { url, cause }: { readonly url: string; readonly cause: StallCause },
): Promise<StallSnapshot> {
  const stalls = await eventually(`status names ${cause}`, () => stallsOf(url), {
    withinMs: WITHIN_MS,
    until: (found) => found.some((stall) => stall.cause === cause),
  });
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 503);
  const problem = cause === "paused" ? /paused by/ : new RegExp(`stalled: \\S+ ${cause}: `);
  assert.match(await ready.text(), problem);
  const isTold = () =>
    logLines(service).some(({ level, text, fields }) =>
      level === "WARNING" && text === "Partitions stand still" && fields["cause"] === cause
    );
  await eventually(`the log names ${cause}`, isTold, { withinMs: WITHIN_MS });
  const stall = stalls.find((each) => each.cause === cause);
  assert.ok(stall && stall.forMs >= SOFT_MS);
  return stall;
}

/** It ends with 70 after STALL_HARD_MS, and says why. */
export async function assertEnds(service: Program, cause: StallCause): Promise<void> {
  assert.deepEqual(await service.waitForExit(WITHIN_MS), { code: 70, signal: null });
  const reasons = logLines(service).filter(({ text }) => text.startsWith("Cannot go on"));
  assert.equal(reasons.length, 1);
  assert.match(
    String(reasons[0]?.fields["reason"]),
    new RegExp(`stands still for .* s, ${cause}: `),
  );
}

/** It does not end within three times STALL_HARD_MS, and still names the cause. */
export async function assertStays(
  service: Program,
  { url, cause }: { readonly url: string; readonly cause: StallCause },
): Promise<void> {
  const from = Date.now();
  await eventually("three times STALL_HARD_MS", () => Date.now() - from, {
    withinMs: 6 * HARD_MS,
    everyMs: 200,
    until: (ms) => ms >= 3 * HARD_MS || service.exit !== null,
  });
  assert.equal(service.exit, null);
  await eventually(`status still names ${cause} alone`, () => stallsOf(url), {
    withinMs: WITHIN_MS,
    until: (stalls) => stalls.map((stall) => stall.cause).join() === cause,
  });
  const errors = () => logLines(service).filter(({ text }) => text.startsWith("Partitions still"));
  await eventually("the log says that it lasts", () => errors().length, { withinMs: WITHIN_MS });
  assert.ok(errors().every(({ level }) => level === "ERROR"));
}

async function stallsOf(url: string): Promise<readonly StallSnapshot[]> {
  const response = await fetch(`${url}/status`);
  return (await response.json()).stalls;
}
