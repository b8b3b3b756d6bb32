/** What is changed, one thing at a time, to see how the cost of the service grows with it. */
import { DATA_SETS, type DataSet } from "../data/data_sets.ts";

/** One thing that is changed. */
export interface Axis {
  readonly name: string;
  /** For people: what the values are of. */
  readonly title: string;
  readonly points: readonly Point[];
}

/** One value of it. */
export interface Point {
  readonly label: string;
  readonly set: DataSet;
  readonly messages: number;
}

const [EVENTS] = DATA_SETS as readonly [DataSet, ...DataSet[]];
const MESSAGES = 200_000;
/** As many as one of 1,000 partitions has, so that batches are alike on the whole axis. */
const BATCH_MESSAGES = 200;
/** What the messages of a point take together where their size is what changes. */
const SIZE_BYTES = 150_000_000;

/** All of them. */
export const AXES: readonly Axis[] = [
  axis("partitions", "partitions", [1, 10, 100, 1_000], (partitions) => ({ partitions })),
  axis("brokers", "brokers, 64 partitions", [1, 3, 6, 12], (nodes) => ({ nodes, partitions: 64 })),
  axis("keys", "different keys, 4 partitions", [1, 10, 1_000, 50_000], (users) => ({ users })),
  {
    name: "size",
    title: "bytes a message, 4 partitions",
    points: [750, 3_000, 12_000, 48_000].map((valueBytes) => ({
      label: valueBytes.toLocaleString("en-US"),
      set: { ...EVENTS, batchMessages: BATCH_MESSAGES, valueBytes },
      messages: Math.round(SIZE_BYTES / valueBytes),
    })),
  },
];

function axis(
  name: string,
  title: string,
  values: readonly number[],
  change: (value: number) => Partial<DataSet>,
): Axis {
  const points = values.map((value) => ({
    label: value.toLocaleString("en-US"),
    set: { ...EVENTS, batchMessages: BATCH_MESSAGES, ...change(value) },
    messages: MESSAGES,
  }));
  return { name, title, points };
}
