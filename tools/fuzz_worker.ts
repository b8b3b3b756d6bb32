/** The worker of tools/fuzz.ts: makes and checks values one after the other, and tells how far it is. */
import { Finding, fuzzOne } from "../tests/fuzz/target.ts";
import { TARGETS } from "../tests/fuzz/targets.ts";

/** Values of one target, from the one with the number `from` on. */
export interface FuzzOrder {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly values: number;
}

export type FuzzReport =
  | { readonly kind: "finding"; readonly text: string }
  | { readonly kind: "ended" };

interface WorkerScope {
  onmessage: (event: MessageEvent<{ order: FuzzOrder; reached: SharedArrayBuffer }>) => void;
  postMessage(report: FuzzReport): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  void run(data.order, new Int32Array(data.reached));
};

async function run(order: FuzzOrder, reached: Int32Array): Promise<void> {
  const target = TARGETS.find(({ name }) => name === order.target);
  if (target === undefined) throw new RangeError(`No such target: ${order.target}`);
  for (let i = 0; i < order.values; i++) {
    Atomics.store(reached, 0, i);
    try {
      await fuzzOne(target, { seed: order.seed, index: order.from + i });
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      scope.postMessage({ kind: "finding", text: error.message });
    }
  }
  await target.close?.();
  scope.postMessage({ kind: "ended" });
}
