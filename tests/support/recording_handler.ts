/**
 * A handler for programs under test that writes down each start and each end before it goes on, so that a killed process
 * has told all that it did. It behaves by a HandlerPlan.
 */
import { crc32 } from "node:zlib";
import type { EnrichedEvent } from "../../src/event.ts";
import type { Handle, HandlerContext } from "../../src/processing/message.ts";
import type { HandlerPlan, SelfInflicted } from "./recording.ts";

const trueTime = Date.now.bind(Date);
const encoder = new TextEncoder();
let heldUntil = 0;

/** @param path of the file to append to */
export function recordingHandler(path: string, plan: HandlerPlan): Handle<EnrichedEvent> {
  const { minMs = 0, maxMs = 0, slowKeys = {}, slowOffsets = {}, failures = {}, calls } = plan;
  const file = Deno.openSync(path, { append: true, create: true });
  for (const [signal, what] of Object.entries(plan.onSignal ?? {})) {
    Deno.addSignalListener(signal as Deno.Signal, () => inflict(what));
  }
  return async (event, context) => {
    record(file, "start", { event, context });
    await pause(
      slowOffsets[context.offset] ?? slowKeys[event.user_id] ??
        minMs + Math.random() * (maxMs - minMs),
    );
    if (calls !== undefined) await (await fetch(calls)).text();
    await pause(heldUntil - performance.now());
    if (context.attempt <= (failures[event.user_id] ?? 0)) throw new Error("As the plan says");
    record(file, "done", { event, context });
  };
}

function record(
  file: Deno.FsFile,
  kind: "start" | "done",
  { event: { event_id, event_data }, context: { topic, partition, offset } }: {
    readonly event: EnrichedEvent;
    readonly context: HandlerContext;
  },
): void {
  const hash = crc32(event_id + JSON.stringify(event_data));
  const line = [kind, topic, partition, offset, event_id, trueTime(), hash].join("\t");
  file.writeSync(encoder.encode(`${line}\n`));
}

async function pause(delayMs: number): Promise<void> {
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
}

function inflict({ clockJumpMs = 0, blockMs = 0, holdMs = 0 }: SelfInflicted): void {
  heldUntil = performance.now() + holdMs;
  const now = Date.now;
  Date.now = () => now() + clockJumpMs;
  const blockedUntil = performance.now() + blockMs;
  while (performance.now() < blockedUntil);
}
