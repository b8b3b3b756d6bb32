/** What a peer tells the bench: see bench/README.md. */
// deno-lint-ignore-file explicit-module-boundary-types -- Node 20 runs it, which knows no types
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";

const { BENCH_MESSAGES, BENCH_LATENCY_FROM = "Infinity" } = process.env;

export const BROKERS = process.env.BENCH_BROKERS.split(",");
export const TOPIC = process.env.BENCH_TOPIC;
export const GROUP = process.env.BENCH_GROUP;

const total = Number(BENCH_MESSAGES);
const latencyFrom = Number(BENCH_LATENCY_FROM);
const latencies = [];
let handled = 0;
let rejected = 0;
let checksum = 0;

/** One message was handled. */
export function add(event) {
  const { event_id: id } = event;
  handled += 1;
  checksum += event.event_type.length + event.user_id.length + id.charCodeAt(id.length - 1);
  if (handled === 1) say({ at: "first" });
  if (handled >= latencyFrom) {
    if (handled === latencyFrom) say({ at: "warm" });
    const now = performance.timeOrigin + performance.now();
    latencies.push(now - event.processing_info.processing_ms);
  }
  if (handled + rejected === total) end();
}

/** One message could not be decoded, or is not valid. */
export function reject() {
  rejected += 1;
  if (handled + rejected === total) end();
}

function end() {
  latencies.sort((a, b) => a - b);
  const quantile = (share) => latencies[Math.floor(share * (latencies.length - 1))];
  say({ at: "done", handled, rejected, checksum, p50: quantile(0.5), p99: quantile(0.99) });
}

function say(fact) {
  writeSync(1, `@bench ${JSON.stringify(fact)}\n`);
}
