/**
 * An Assignment on a bench: virtual time, handlers and a dead-letter topic that do as the test says, and messages by the
 * hand. Defaults are small, so that a limit is reached with few messages.
 */
import { Assignment, type ProcessingOptions } from "../../src/processing/assignment.ts";
import { DeadLetterRefused } from "../../src/processing/dead_letter.ts";
import type { DeadLetter, DeadLetterSink } from "../../src/processing/dead_letter.ts";
import type { FatalError } from "../../src/processing/failure.ts";
import type {
  Coordinates,
  Delivery,
  HandlerContext,
  Message,
} from "../../src/processing/message.ts";
import type { Partition } from "../../src/processing/partition.ts";
import type { EnrichedEvent } from "../../src/event.ts";
import { ManualClock } from "./manual_clock.ts";
import { RecordingLogger, RecordingTelemetry } from "./recording_telemetry.ts";
import { READING } from "./reading.ts";
import { bytesOf, sampleEvent } from "./sample_event.ts";

/** What the handler does with the message of an offset; by default it returns. */
export type Script = (
  context: HandlerContext,
  event: EnrichedEvent,
) => void | Promise<void>;

export class ProcessingBench {
  readonly clock = new ManualClock();
  readonly telemetry = new RecordingTelemetry();
  readonly logger = new RecordingLogger();
  readonly sink = new ScriptedSink();
  readonly assignment: Assignment;
  /** `offset#attempt` of every handler call, in order. */
  readonly calls: string[] = [];
  readonly rooms: Partition[] = [];
  readonly probed: Partition[] = [];
  readonly fatal: FatalError[] = [];
  hasLease = true;
  progress = 0;

  constructor(script: Script = () => {}, own: Partial<ProcessingOptions> = {}) {
    this.assignment = new Assignment({
      tracer: null,
      ...READING,
      clock: this.clock,
      concurrency: 4,
      unkeyedOrder: "partition",
      windowMessages: 100,
      windowBytes: 1_000_000,
      bufferBytes: 100_000_000,
      breaker: null,
      handlerTimeoutMs: 1_000,
      maxAttempts: 3,
      backoffMs: 100,
      backoffMaxMs: 1_000,
      handlers: {
        byType: {},
        default: (event, context) => {
          this.calls.push(`${context.offset}#${context.attempt}`);
          return script(context, event);
        },
      },
      deadLetters: this.sink,
      groupId: "group",
      serviceVersion: "1.2.3",
      mayStart: () => this.hasLease,
      telemetry: this.telemetry,
      logger: this.logger,
      onRoom: (partition) => this.rooms.push(partition),
      onProgress: (messages) => {
        this.progress += messages;
      },
      onProbe: (partition) => this.probed.push(partition),
      onFatal: (error) => this.fatal.push(error),
      ...own,
    });
  }

  /** Owns partition 0 of topic `t` from a position on. */
  own(position = 0, partition = 0): Partition {
    return this.assignment.assign({ topic: "t", partition }, { position, leaderEpoch: -1 });
  }

  /** Delivers messages that follow each other from the position on; each has its key. */
  deliver(partition: Partition, keys: readonly (string | null)[]): boolean {
    const messages = keys.map((key, at) => message(partition.position + at, { key }));
    return this.assignment.deliver(partition, delivery(partition.position, messages));
  }
}

/** A dead-letter topic; `answer` decides, by default it acknowledges. */
export class ScriptedSink implements DeadLetterSink {
  readonly stored: DeadLetter[] = [];
  readonly asked: { readonly offset: number; readonly compressed: boolean }[] = [];
  answer: (letter: DeadLetter, compressed: boolean) => "ack" | "refuse" | "fail" | Promise<void> =
    () => "ack";

  async send(
    letter: DeadLetter,
    { compressed }: { readonly compressed: boolean },
  ): Promise<Coordinates> {
    this.asked.push({ offset: letter.source.offset, compressed });
    const answer = this.answer(letter, compressed);
    if (answer === "refuse") throw new DeadLetterRefused("Too large");
    if (answer === "fail") throw new Error("The topic is away");
    await answer;
    this.stored.push(letter);
    return { topic: "t.dlq", partition: 0, offset: this.stored.length - 1 };
  }
}

export function message(
  offset: number,
  own:
    & { readonly key?: string | null; readonly value?: unknown }
    & Partial<
      Pick<Message, "headers" | "leaderEpoch" | "timestamp">
    > = {},
): Message {
  const { key = `k${offset}`, value = sampleEvent(), headers = [], leaderEpoch = -1 } = own;
  return {
    topic: "t",
    partition: 0,
    offset,
    timestamp: own.timestamp ?? 1_705_314_645_000,
    key: key === null ? null : bytesOf(key),
    value: value === null || value instanceof Uint8Array ? value : bytesOf(value),
    headers,
    leaderEpoch,
  };
}

export function delivery(
  from: number,
  messages: readonly Message[],
  own: { readonly next?: number; readonly leaderEpoch?: number } = {},
): Delivery {
  const last = messages.at(-1);
  const next = own.next ?? (last === undefined ? from : last.offset + 1);
  return { topic: "t", partition: 0, from, messages, next, leaderEpoch: own.leaderEpoch ?? -1 };
}
