/** What is consumed: each set changes one thing about the first. Every peer gets every set as the same bytes. */

/** A set of messages, and how they lie in the topic. */
export interface DataSet {
  readonly name: string;
  /** For people, in tables. */
  readonly title: string;
  /** Of one value, about. */
  readonly valueBytes: number;
  readonly partitions: number;
  /** Most messages of one record batch. */
  readonly batchMessages: number;
  /** Who compresses: librdkafka writes snappy as it is, Java in xerial frames. */
  readonly producer: "librdkafka" | "java";
  /** Headers of each message. */
  readonly headers: number;
  /** Texts hold letters beyond ASCII. */
  readonly hasUnicode: boolean;
  /** Share of messages that no peer can take: cut off, or without `user_id`. */
  readonly invalidShare: number;
  /** How many different keys there are; many by default. */
  readonly users?: number;
  /** How many nodes the static server has; 1 by default. */
  readonly nodes?: number;
  /** How many messages a full run has; the first set decides about the goals, and has most. */
  readonly messages: number;
}

const EVENTS: DataSet = {
  name: "events",
  title: "750 B events, snappy by librdkafka",
  valueBytes: 750,
  partitions: 4,
  batchMessages: 1_000,
  producer: "librdkafka",
  headers: 0,
  hasUnicode: false,
  invalidShare: 0,
  messages: 1_000_000,
};

const FEWER = 300_000;
const LARGE = 100_000;

/** All sets, the one that decides first. */
export const DATA_SETS: readonly DataSet[] = [
  EVENTS,
  {
    ...EVENTS,
    name: "wide",
    title: "750 B events in 64 partitions",
    partitions: 64,
    messages: 640_000,
  },
  {
    ...EVENTS,
    name: "xerial",
    title: "750 B events, snappy by Java (xerial frames)",
    producer: "java",
    messages: FEWER,
  },
  {
    ...EVENTS,
    name: "small",
    title: "750 B events in batches of 25",
    batchMessages: 25,
    messages: FEWER,
  },
  { ...EVENTS, name: "headers", title: "750 B events with 3 headers", headers: 3, messages: FEWER },
  {
    ...EVENTS,
    name: "unicode",
    title: "750 B events with letters beyond ASCII",
    hasUnicode: true,
    messages: FEWER,
  },
  { ...EVENTS, name: "large", title: "5 KB events", valueBytes: 5_000, messages: LARGE },
  {
    ...EVENTS,
    name: "invalid",
    title: "750 B events, 1 % of them invalid",
    invalidShare: 0.01,
    messages: FEWER,
  },
];
