/**
 * A program for tests: the service's `run` with a handler that writes down each start and each end before it goes on,
 * so that a killed process has told all that it did. Arguments: the file to append to, and a HandlerPlan as JSON.
 */
import { crc32 } from "node:zlib";
import { run } from "../../src/commands/run.ts";
import { loadConfig } from "../../src/config.ts";
import type { EnrichedEvent } from "../../src/event.ts";
import type { HandlerContext } from "../../src/processing/message.ts";
import type { HandlerPlan, SelfInflicted } from "./recording.ts";

const [path = "", planText = "{}"] = Deno.args;
const plan: HandlerPlan = JSON.parse(planText);
const { minMs = 0, maxMs = 0, slowKeys = {}, slowOffsets = {}, failures = {}, calls } = plan;
const trueTime = Date.now.bind(Date);
const file = Deno.openSync(path, { append: true, create: true });
const encoder = new TextEncoder();
let heldUntil = 0;

for (const [signal, what] of Object.entries(plan.onSignal ?? {})) {
  Deno.addSignalListener(signal as Deno.Signal, () => inflict(what));
}
Deno.exit(
  await run(
    {
      ...loadConfig({
        flags: new Map(),
        env: Deno.env.toObject(),
        readFile: Deno.readTextFileSync,
      }),
      flags: {},
      argument: null,
      version: "0.0.0-test",
      print: console.log,
    },
    () => ({ byType: {}, default: handle }),
  ),
);

async function handle(event: EnrichedEvent, context: HandlerContext): Promise<void> {
  record("start", event, context);
  await pause(
    slowOffsets[context.offset] ?? slowKeys[event.user_id] ??
      minMs + Math.random() * (maxMs - minMs),
  );
  if (calls !== undefined) await (await fetch(calls)).text();
  await pause(heldUntil - performance.now());
  if (context.attempt <= (failures[event.user_id] ?? 0)) throw new Error("As the plan says");
  record("done", event, context);
}

function record(
  kind: "start" | "done",
  { event_id, event_data }: EnrichedEvent,
  { topic, partition, offset }: HandlerContext,
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
