/** Telemetry and a logger that remember what they were told, in order. */
import type { Coordinates, Fields, Logger, TopicPartition } from "../../src/processing/message.ts";
import type { ProcessingTelemetry } from "../../src/processing/telemetry.ts";

type FactName = keyof ProcessingTelemetry;

/** One call: its name, whom it was about, and the rest. */
export interface Fact<N extends FactName = FactName> {
  readonly name: N;
  readonly message: Parameters<ProcessingTelemetry[N]>[0] & Partial<Coordinates>;
  readonly facts: Parameters<ProcessingTelemetry[N]>[1];
}

export class RecordingTelemetry implements ProcessingTelemetry {
  readonly all: Fact[] = [];
  readonly messageProcessed = this.#recorder("messageProcessed");
  readonly messageSkipped = this.#recorder("messageSkipped");
  readonly messageRetried = this.#recorder("messageRetried");
  readonly messageDeadLettered = this.#recorder("messageDeadLettered");
  readonly deadLetterDelayed = this.#recorder("deadLetterDelayed");
  readonly handlerAbandoned = this.#recorder("handlerAbandoned");
  readonly breakerOpened = this.#recorder("breakerOpened");
  readonly breakerProbed = this.#recorder("breakerProbed");
  readonly breakerClosed = this.#recorder("breakerClosed");

  /** The calls of one name. */
  of<N extends FactName>(name: N): readonly Fact<N>[] {
    return this.all.filter((fact): fact is Fact<N> => fact.name === name);
  }

  /** The offsets of one kind of call, in the order of the calls. */
  offsets(name: FactName): readonly number[] {
    return this.of(name).map(({ message }) => message.offset ?? -1);
  }

  #recorder<N extends FactName>(name: N): ProcessingTelemetry[N] {
    const record = (message: TopicPartition, facts: Fact["facts"]) => {
      this.all.push({ name, message, facts } as Fact);
    };
    return record as ProcessingTelemetry[N];
  }
}

export class RecordingLogger implements Logger {
  readonly lines: {
    readonly level: keyof Logger;
    readonly text: string;
    readonly fields: Fields;
  }[] = [];

  debug(text: string, fields: Fields = {}): void {
    this.lines.push({ level: "debug", text, fields });
  }

  info(text: string, fields: Fields = {}): void {
    this.lines.push({ level: "info", text, fields });
  }

  warning(text: string, fields: Fields = {}): void {
    this.lines.push({ level: "warning", text, fields });
  }

  error(text: string, fields: Fields = {}): void {
    this.lines.push({ level: "error", text, fields });
  }
}
