/**
 * Traces through Deno's own OpenTelemetry export (OTEL_DENO=true): spans of each message and each commit, named by the
 * semantic conventions for messaging. Loaded only where the export is on. A message's span is a child of its producer's
 * and linked to it, and its dead letter carries the context on, so that the three are one trace.
 */
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from "@opentelemetry/api";
import type { Coordinates, Header, Message, Outcome } from "../processing/message.ts";
import type { Failure, RetryFacts } from "../processing/telemetry.ts";
import type { DeadLetterTrace, MessageTrace, Tracer } from "../processing/tracing.ts";
import { readTraceContext, type TraceContext, traceparent } from "./trace_context.ts";

export interface TracingOptions {
  readonly groupId: string;
  readonly clientId: string;
  readonly serviceVersion: string;
}

/** A commit: how many partitions and messages, and how long ago it began. */
interface CommitFacts {
  readonly durationMs: number;
  readonly messages?: number;
}

export class Tracing implements Tracer {
  readonly #tracer: OtelTracer;
  readonly #common: Attributes;

  constructor({ groupId, clientId, serviceVersion }: TracingOptions) {
    this.#tracer = trace.getTracer("processing-service", serviceVersion);
    this.#common = {
      "messaging.system": "kafka",
      "messaging.consumer.group.name": groupId,
      "messaging.client.id": clientId,
    };
  }

  /** Null where the producer had its trace not recorded, or OTEL_TRACES_SAMPLER leaves this one out. */
  messageStarted(message: Message): MessageTrace | null {
    const producer = readTraceContext(message.headers);
    // Deno samples such a child, too, as long as no sampler is set.
    if (producer !== null && !producer.isSampled) return null;
    const parent = producer === null ? null : spanContext(producer);
    const span = this.#tracer.startSpan(`process ${message.topic}`, {
      kind: SpanKind.CONSUMER,
      links: parent === null ? [] : [{ context: parent }],
      attributes: {
        ...this.#common,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        ...placeAttributes(message),
        ...(message.value === null ? { "messaging.kafka.message.tombstone": true } : {}),
      },
    }, parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent));
    if (isSampled(span)) return new MessageSpan(span, this.#tracer, this.#common);
    span.end();
    return null;
  }

  /** Offsets were committed, just now. */
  committed(facts: CommitFacts): void {
    this.#commitSpan(facts).end();
  }

  /** Offsets were not committed, just now. */
  commitFailed(
    facts: CommitFacts & { readonly reason: string; readonly code: number | null },
  ): void {
    const { reason, code } = facts;
    const span = this.#commitSpan(facts);
    span.setAttribute("error.type", code === null ? "_OTHER" : String(code));
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
    span.end();
  }

  #commitSpan({ durationMs, messages }: CommitFacts): Span {
    return this.#tracer.startSpan("commit", {
      kind: SpanKind.CLIENT,
      startTime: Date.now() - durationMs,
      attributes: {
        ...this.#common,
        "messaging.operation.name": "commit",
        "messaging.operation.type": "settle",
        ...(messages === undefined ? {} : { "messaging.batch.message_count": exactly(messages) }),
      },
    }, ROOT_CONTEXT);
  }
}

class MessageSpan implements MessageTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly #span: Span;
  readonly #tracer: OtelTracer;
  readonly #common: Attributes;
  readonly #context: Context;

  constructor(span: Span, tracer: OtelTracer, common: Attributes) {
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
    this.#span = span;
    this.#tracer = tracer;
    this.#common = common;
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
  }

  run<T>(call: () => T): T {
    return context.with(this.#context, call);
  }

  retried({ attempt, delayMs, failure }: RetryFacts): void {
    this.#span.addEvent("retry", {
      attempt: exactly(attempt),
      delay_ms: exactly(Math.round(delayMs)),
      ...failureAttributes(failure),
    });
  }

  deadLetterStarted(): DeadLetterTrace {
    const span = this.#tracer.startSpan("send", {
      kind: SpanKind.PRODUCER,
      attributes: {
        ...this.#common,
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
      },
    }, this.#context);
    return new DeadLetterSpan(span);
  }

  ended(how: Outcome | "interrupted", failure?: Failure): void {
    this.#span.setAttribute("processing.outcome", how);
    if (failure !== undefined) {
      this.#span.setAttributes(failureAttributes(failure));
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    }
    this.#span.end();
  }
}

class DeadLetterSpan implements DeadLetterTrace {
  readonly headers: readonly Header[];
  readonly #span: Span;

  constructor(span: Span) {
    const { traceId, spanId } = span.spanContext();
    this.#span = span;
    this.headers = [traceparent({ traceId, spanId, isSampled: true })];
  }

  stored(at: Coordinates): void {
    this.#span.updateName(`send ${at.topic}`);
    this.#span.setAttributes(placeAttributes(at));
    this.#span.end();
  }

  failed(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    this.#span.setAttribute("error.type", name);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
    this.#span.end();
  }
}

function spanContext({ traceId, spanId }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** Deno makes a recording span of each, and leaves those without this flag out of the export. */
function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

function placeAttributes({ topic, partition, offset }: Coordinates): Attributes {
  return {
    "messaging.destination.name": topic,
    "messaging.destination.partition.id": String(partition),
    "messaging.kafka.offset": exactly(offset),
  };
}

function failureAttributes({ stage, code }: Failure): Attributes {
  return { "error.type": code, "processing.stage": stage };
}

/** Deno exports a number as a double and a bigint as the integer that the conventions ask for. */
function exactly(integer: number): number {
  return BigInt(integer) as unknown as number;
}
