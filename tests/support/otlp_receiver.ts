/** Takes OTLP over HTTP with JSON, as a collector does, and keeps the spans. Disposing it closes it. */
import { eventually } from "./eventually.ts";

/** A span as a collector gets it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  /** 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
}

export class OtlpReceiver implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #spans: ReceivedSpan[] = [];
  readonly #traceparents: string[] = [];
  #exports = 0;

  private constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(request),
    );
  }

  static start(): OtlpReceiver {
    return new OtlpReceiver();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The environment that makes Deno export to here, soon after each span. */
  get environment(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** Exports of any kind that came in. */
  get exports(): number {
    return this.#exports;
  }

  get spans(): readonly ReceivedSpan[] {
    return this.#spans;
  }

  /** What calls of `<url>/downstream` had as their trace context. */
  get traceparents(): readonly string[] {
    return this.#traceparents;
  }

  /** The span of that name and, where one is given, that offset, once it has come in. */
  async span(name: string, offset?: number): Promise<ReceivedSpan> {
    const find = () =>
      this.#spans.find((span) =>
        span.name === name &&
        (offset === undefined || span.attributes["messaging.kafka.offset"] === offset)
      );
    await eventually(`a span ${name} ${offset}`, () => find() !== undefined, {
      withinMs: DEADLINE_MS,
    });
    return find() as ReceivedSpan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/downstream") {
      this.#traceparents.push(request.headers.get("traceparent") ?? "none");
      return new Response("ok");
    }
    this.#exports += 1;
    const body = await request.json() as Export;
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { spans } of scopeSpans) this.#spans.push(...spans.map(receivedSpan));
    }
    return Response.json({});
  }
}

const DEADLINE_MS = 20_000;
/** STATUS_CODE_ERROR. */
const ERROR = 2;

interface Export {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface WireSpan extends Omit<ReceivedSpan, "attributes" | "events" | "isError"> {
  readonly attributes: readonly { readonly key: string; readonly value: WireValue }[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code?: number };
}

interface WireValue {
  readonly stringValue?: string;
  /** Text in JSON, as 64 bits do not fit a number. */
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

function receivedSpan({ attributes, events, status, ...span }: WireSpan): ReceivedSpan {
  return {
    ...span,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)])),
    events: events.map(({ name }) => name),
    isError: status.code === ERROR,
  };
}

function plain({ stringValue, intValue, doubleValue, boolValue }: WireValue) {
  if (intValue !== undefined) return Number(intValue);
  if (doubleValue !== undefined) return `a double: ${doubleValue}`;
  return stringValue ?? boolValue ?? "";
}
