/** What runs beside the bench and would outlive it: a signal ends all of it first, Kafka with its data above all. */

const EXIT_INTERRUPTED = 130;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type End = () => void | PromiseLike<void>;

const running = new Set<End>();

/** From now on a signal calls `end` before the process ends; disposing it takes that back. */
export function endOnSignal(end: End): Disposable {
  if (running.size === 0) { for (const signal of SIGNALS) Deno.addSignalListener(signal, endAll); }
  running.add(end);
  return {
    [Symbol.dispose]() {
      if (!running.delete(end) || running.size > 0) return;
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, endAll);
    },
  };
}

async function endAll(): Promise<void> {
  // The newest first: consumers before their broker.
  for (const end of [...running].reverse()) {
    try {
      await end();
    } catch (error) {
      console.error(error);
    }
  }
  Deno.exit(EXIT_INTERRUPTED);
}
