/**
 * The runner behind `deno task fuzz`: many values, in a worker, so that one that hangs is seen and named. With
 * `--target T` all values go to that one, else each target gets its share. The same seed makes the same values.
 */
import { parseArgs } from "node:util";
import { TARGETS } from "../tests/fuzz/targets.ts";
import type { FuzzOrder, FuzzReport } from "./fuzz_worker.ts";

/** A value that takes longer hangs. */
const HANG_MS = 60_000;
const LOOK_MS = 1_000;
const PROGRESS_MS = 30_000;
const FINDINGS_MAX = 20;
const MIB = 1 << 20;
const EXIT_USAGE = 64;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  if (typeof options === "string") {
    console.error(options);
    return EXIT_USAGE;
  }
  let findings = 0;
  for (const order of orders(options)) findings += await runTarget(order);
  return findings === 0 ? 0 : 1;
}

interface Options {
  readonly seed: number;
  readonly values: number;
  readonly from: number;
  readonly target: string | null;
}

/** A text says what is wrong. */
function readOptions(args: readonly string[]): Options | string {
  const names = TARGETS.map(({ name }) => name).join(", ");
  const usage =
    `Run: deno task fuzz [--target T] [--values N] [--seed N] [--from N]; targets: ${names}`;
  try {
    const { values: given } = parseArgs({
      args: [...args],
      options: {
        target: { type: "string" },
        values: { type: "string", default: "100000" },
        seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
        from: { type: "string", default: "0" },
      },
    });
    const [seed, values, from] = [given.seed, given.values, given.from].map(Number);
    const target = given.target ?? null;
    const isKnown = target === null || TARGETS.some(({ name }) => name === target);
    if (![seed, values, from].every(Number.isSafeInteger) || !isKnown) return usage;
    return { seed: Number(seed), values: Number(values), from: Number(from), target };
  } catch (error) {
    return `${(error as Error).message}\n${usage}`;
  }
}

function orders({ seed, values, from, target }: Options): FuzzOrder[] {
  if (target !== null) return [{ target, seed, from, values }];
  const all = TARGETS.reduce((sum, { weight }) => sum + weight, 0);
  return TARGETS.map(({ name, weight }) => {
    return { target: name, seed, from, values: Math.ceil(values * weight / all) };
  });
}

/** Answers how many findings there were. */
async function runTarget(order: FuzzOrder): Promise<number> {
  const { target, seed, from, values } = order;
  console.log(`${target}: ${values} values, --seed ${seed} --from ${from}`);
  const startedAt = performance.now();
  const reached = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(import.meta.resolve("./fuzz_worker.ts"), { type: "module" });
  let findings = 0;
  let firstRssMib: number | null = null;
  const ended = new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<FuzzReport>) => {
      if (data.kind === "ended") return resolve();
      findings += 1;
      console.log(`\n${data.text}`);
      if (findings >= FINDINGS_MAX) resolve();
    };
    worker.onerror = (event) => reject(new Error(`The worker failed: ${event.message}`));
    watch(reached, {
      order,
      startedAt,
      onHang: reject,
      onProgress: () => firstRssMib ??= rssMib(),
    });
  });
  worker.postMessage({ order, reached: reached.buffer });
  try {
    await ended;
  } catch (error) {
    console.log(`\n${(error as Error).message}`);
    findings += 1;
  }
  const done = findings === 0 ? values : Atomics.load(reached, 0) + 1;
  Atomics.store(reached, 0, -1);
  worker.terminate();
  const seconds = (performance.now() - startedAt) / 1_000;
  const memory = firstRssMib === null ? "" : `, RSS ${firstRssMib} -> ${rssMib()} MiB`;
  console.log(
    `${target}: ${done} values in ${seconds.toFixed(0)} s, ${findings} findings${memory}`,
  );
  return findings;
}

interface Watching {
  readonly order: FuzzOrder;
  readonly startedAt: number;
  readonly onHang: (error: Error) => void;
  readonly onProgress: () => void;
}

/** Until `reached` says -1. */
function watch(reached: Int32Array, { order, startedAt, onHang, onProgress }: Watching): void {
  let last = { at: -1, since: performance.now() };
  let toldAt = performance.now();
  const timer = setInterval(() => {
    const at = Atomics.load(reached, 0);
    const now = performance.now();
    if (at === -1) return clearInterval(timer);
    if (at !== last.at) last = { at, since: now };
    if (now - last.since > HANG_MS) {
      clearInterval(timer);
      const { target, seed, from } = order;
      const index = from + at;
      onHang(new Error(`It hangs: --target ${target} --seed ${seed} --from ${index} --values 1`));
    } else if (now - toldAt > PROGRESS_MS) {
      toldAt = now;
      onProgress();
      const rate = Math.round(at / ((now - startedAt) / 1_000));
      console.log(`  ${at} of ${order.values}, ${rate} a second, RSS ${rssMib()} MiB`);
    }
  }, LOOK_MS);
}

function rssMib(): number {
  return Math.round(Deno.memoryUsage().rss / MIB);
}
