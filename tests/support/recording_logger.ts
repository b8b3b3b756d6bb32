/** A logger that keeps what it is told, for tests of what gets logged. */
import type { Fields, Logger } from "../../src/processing/message.ts";

export interface RecordedLine {
  readonly level: keyof Logger;
  readonly text: string;
  readonly fields: Fields;
}

export class RecordingLogger implements Logger {
  readonly lines: RecordedLine[] = [];

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

  /** Without what is only for those who debug. */
  get shown(): readonly RecordedLine[] {
    return this.lines.filter(({ level }) => level !== "debug");
  }
}
