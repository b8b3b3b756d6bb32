/**
 * One message on its way through the core. A plain record that partition, lanes and attempts share: who may write a
 * field stands beside it.
 */
import type { AttemptContext } from "./attempt_context.ts";
import type { Lane } from "./lanes.ts";
import type { Message } from "./message.ts";
import type { Partition } from "./partition.ts";
import type { Failure } from "./telemetry.ts";
import type { MessageTrace } from "./tracing.ts";

/**
 * `queued` in its lane · `running` in a slot · `waiting` for a timer, no slot, its lane waits too · `halted` by a
 * FatalError, for good · `done`.
 */
export type WorkState = "queued" | "running" | "waiting" | "halted" | "done";

/** What is kept of a message once something went wrong with it. Times are milliseconds since 1970. */
export interface Trouble {
  failure: Failure;
  readonly firstAt: number;
  lastAt: number;
  /** No attempt is left: all that remains is the dead letter. */
  isFinal: boolean;
  /** Index into what may be left out of the dead letter. */
  reduction: number;
  /** How often the dead letter could not be written, and why the last time. */
  delays: number;
  delayedBy: unknown;
}

export class Work {
  readonly partition: Partition;
  readonly message: Message;
  /** What it takes in the window. */
  readonly bytes: number;
  /** By attempts and lanes; `halted` and `done` by the partition. */
  state: WorkState = "queued";
  /** Attempts begun. 0: nothing of it has started. */
  attempt = 0;
  /** By attempts: monotonic time of its start; null as long as it is synchronous and goes well. */
  startedAt: number | null = null;
  /** By attempts: moves with every wait and result, so that what belongs to an earlier step is known to be late. */
  step = 0;
  /** By attempts: cancels the timer it waits for. */
  cancelTimer: (() => void) | null = null;
  /** By attempts: the running asynchronous attempt. */
  context: AttemptContext | null = null;
  trouble: Trouble | null = null;
  /** By attempts: null where nobody follows the message. */
  trace: MessageTrace | null = null;
  /** By lanes. */
  lane: Lane | null = null;
  /** By lanes: the next one of the lane. */
  next: Work | null = null;

  constructor(partition: Partition, message: Message) {
    this.partition = partition;
    this.message = message;
    this.bytes = sizeOf(message);
  }
}

function sizeOf({ key, value, headers }: Message): number {
  let bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  for (const [name, content] of headers) bytes += name.length + (content?.length ?? 0);
  return bytes;
}
