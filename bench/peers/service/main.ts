/**
 * The service as a peer: its own `host` with all that a run has (full validation, lanes, retries, metrics, commits, HTTP),
 * and a handler that counts, with WORKERS in each thread. HANDLER=whole takes the whole event, any other reads three fields.
 */
import { host } from "../../../src/commands/host.ts";
import { loadConfig } from "../../../src/config.ts";
import type { Counts } from "../../../src/ops/counts.ts";
import { type Handler, handler } from "../../../src/processing/handler.ts";
import type { WorkersOptions } from "../../../src/commands/consuming.ts";
import { workerCount } from "../../../src/workers/split.ts";
import { PeerReport, TALLIES, type WorkerTally } from "./peer_report.ts";

const INVALID_LOOK_EVERY_MS = 20;

const report = new PeerReport(Deno.env.toObject());
let rejected = 0;

const loaded = loadConfig({
  flags: new Map(),
  env: Deno.env.toObject(),
  readFile: Deno.readTextFileSync,
});
const { exitCode } = await host({
  ...loaded,
  ...workers(),
  version: "0.0.0-bench",
  handlers: { byType: {}, default: chosenHandler() },
  until: ({ counts }) => watch(counts),
});
Deno.exit(exitCode);

function chosenHandler(): Handler {
  if (Deno.env.get("BENCH_LATENCY_FROM")) {
    return handler({
      reads: ["event_id", "event_type", "user_id", "processing_info.processing_ms"],
      handle: (event) => report.add(event, event.processing_info.processing_ms),
    });
  }
  if (Deno.env.get("HANDLER") === "whole") return (event) => report.add(event);
  return handler({
    reads: ["event_id", "event_type", "user_id"],
    handle: (event) => report.add(event),
  });
}

/** With WORKERS above 1 the handlers are in worker.ts, and what they count comes from there. */
function workers(): { readonly workers?: WorkersOptions } {
  const count = workerCount(loaded.config, navigator.hardwareConcurrency);
  if (count === 1) return {};
  new BroadcastChannel(TALLIES).addEventListener(
    "message",
    ({ data }: MessageEvent<WorkerTally>) => report.replace(data.worker, data.tally),
  );
  const module = new URL("./worker.ts", import.meta.url);
  return { workers: { count, module, sources: loaded.sources } };
}

/** Ends only with the process. Dead letters count once they are written, which no handler is told. */
function watch(counts: () => Counts): Promise<never> {
  if (Deno.env.get("BENCH_HAS_INVALID")) {
    setInterval(() => {
      const seen = counts().deadLettered;
      report.reject(seen - rejected);
      rejected = seen;
    }, INVALID_LOOK_EVERY_MS);
  }
  return new Promise(() => {});
}
