/** Dead letters for tests: made as the service makes them, and the commands that look at them. */
import { runCommandLine } from "../../src/cli.ts";
import { deadLetterFor, type Reduction, REDUCTIONS } from "../../src/processing/dead_letter.ts";
import type { Failure } from "../../src/processing/telemetry.ts";
import type { MessageToProduce } from "./kafka_client.ts";

export interface CommandResult {
  readonly code: number;
  readonly printed: string;
  readonly errors: string;
}

/** Runs `dead-letters ...` in this process. */
export async function deadLetters(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const printed: string[] = [];
  const errors: string[] = [];
  const code = await runCommandLine({
    args: ["dead-letters", ...args],
    env: settings,
    readFile: (path) => {
      throw new Deno.errors.NotFound(`No such file: ${path}`);
    },
    version: "1.2.3",
    commit: null,
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
  });
  return { code, printed: printed.join("\n"), errors: errors.join("\n") };
}

/** A value of another shape than an event's. */
export const MISMATCH = {
  stage: "validate",
  code: "schema_mismatch",
  message: "user_id: expected string, received number",
  rules: ["user_id invalid_type"],
} as const;

/** A value that is no JSON at all. */
export const NO_JSON = {
  stage: "decode",
  code: "not_json",
  message: "the value is not JSON",
} as const;

/** What a letter is made of. */
export interface LetterToMake {
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly key?: string | null;
  readonly value: string | Uint8Array | null;
  readonly failure: Failure;
  /** Milliseconds since 1970; now by default. */
  readonly failedAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reduction?: Reduction;
}

/** A record of a dead-letter topic, as the service writes it. */
export function letterRecord(letter: LetterToMake): MessageToProduce {
  const { source, key = null, value, failure, failedAt = Date.now() } = letter;
  const made = deadLetterFor({
    ...source,
    timestamp: failedAt,
    key: key === null ? null : encoder.encode(key),
    value: typeof value === "string" ? encoder.encode(value) : value,
    headers: Object.entries(letter.headers ?? {}).map((
      [name, text],
    ) => [name, encoder.encode(text)]),
    leaderEpoch: -1,
  }, {
    facts: {
      failure,
      attempts: 1,
      firstFailedAt: failedAt,
      lastFailedAt: failedAt,
      groupId: "processing-service-group",
      serviceVersion: "1.2.3",
    },
    reduction: letter.reduction ?? REDUCTIONS[0] as Reduction,
  });
  const headers = made.headers.map(([name, content]) => [name, content ?? ""]);
  return { key: made.key, value: made.value, headers: Object.fromEntries(headers) };
}

const encoder = new TextEncoder();
