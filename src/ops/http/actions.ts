/**
 * What an operator can do over HTTP: hold partitions still, let them go on, have dead letters rehearsed and redriven,
 * and have more or less logged.
 */
import { z } from "zod";
import type { TopicPartition } from "../../processing/message.ts";
import { LOG_LEVELS, type LogLevel } from "../logger.ts";

/** Everything, or these. */
export type ActionScope = "all" | readonly TopicPartition[];

/** Dead letters of one cause; of all with null. */
export interface LetterScope {
  readonly fingerprint: string | null;
}

/** Who asked, and why. */
export interface ActionFacts {
  readonly by: string;
  readonly reason: string;
  /** The address that the request came from. */
  readonly from: string;
}

export interface PartitionActions {
  /** @throws ActionError when a partition does not exist */
  pause(scope: ActionScope, facts: ActionFacts): void | Promise<void>;
  /** @throws ActionError when a partition does not exist */
  resume(scope: ActionScope, facts: ActionFacts): void | Promise<void>;
}

export interface OperatorActions extends PartitionActions {
  /** @throws ActionError when that cannot be now */
  rehearse(scope: LetterScope, facts: ActionFacts): void | Promise<void>;
  /** @throws ActionError when that cannot be now */
  redrive(scope: LetterScope, facts: ActionFacts): void;
  /** @throws ActionError when none is under way */
  stopRedrive(facts: ActionFacts): void;
  /** For so long, then LOG_LEVEL holds again. */
  setLogLevel(level: LogLevel, options: { readonly by: string; readonly forMs: number }): void;
}

export type ActionName = keyof OperatorActions;

export interface ActionAnswer {
  readonly status: number;
  readonly text: string;
}

/** What was asked for cannot be done; the message says why. */
export class ActionError extends Error {
  override readonly name = "ActionError";
  /** 404 by default. */
  readonly status: number;

  constructor(message: string, { status = 404 }: { readonly status?: number } = {}) {
    super(message);
    this.status = status;
  }
}

const BODY_MAX_BYTES = 65_536;
const PARTITIONS_MAX = 10_000;
const LOG_LEVEL_MINUTES_MAX = 1_440;

const DONE: ActionAnswer = { status: 200, text: "ok" };

const LINE = z.string().trim().max(200).regex(/^\P{Cc}*$/u, "expected one line");
const BY = LINE.default("operator");
const PARTITIONS = z.strictObject({
  partitions: z.union([
    z.literal("all"),
    z.array(z.strictObject({
      topic: z.string().max(249),
      partition: z.int().min(0),
    })).min(1).max(PARTITIONS_MAX),
  ]),
  reason: LINE.default(""),
  by: BY,
});
const LETTERS = z.strictObject({
  fingerprint: LINE.min(1).nullable().default(null),
  by: BY,
});
const NOTHING_ELSE = z.strictObject({ by: BY });
const LOG_LEVEL = z.strictObject({
  level: z.enum(LOG_LEVELS),
  minutes: z.int().min(1).max(LOG_LEVEL_MINUTES_MAX),
  by: BY,
});

/** Does what the path names with what the body says. */
export async function act(
  action: ActionName,
  { request, from, actions }: {
    readonly request: Request;
    readonly from: string;
    readonly actions: OperatorActions;
  },
): Promise<ActionAnswer> {
  const body = await readBody(request);
  if (body === null) return { status: 413, text: `Send ${BODY_MAX_BYTES} bytes at most` };
  const given = jsonOrNull(body);
  try {
    if (action === "setLogLevel") return setLogLevel(given, { from, actions });
    if (action === "stopRedrive") return stopRedrive(given, { from, actions });
    if (action === "rehearse" || action === "redrive") {
      return await takeLetters(action, given, { from, actions });
    }
    return await movePartitions(action, given, { from, actions });
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return { status: error.status, text: error.message };
  }
}

async function movePartitions(
  action: keyof PartitionActions,
  given: unknown,
  { from, actions }: { readonly from: string; readonly actions: OperatorActions },
): Promise<ActionAnswer> {
  const parsed = PARTITIONS.safeParse(given);
  if (!parsed.success) return unusable(parsed.error);
  const { partitions, by, reason } = parsed.data;
  if (action === "pause" && reason === "") return { status: 400, text: "Give a reason" };
  await actions[action](partitions, { by, reason, from });
  return DONE;
}

async function takeLetters(
  action: "rehearse" | "redrive",
  given: unknown,
  { from, actions }: { readonly from: string; readonly actions: OperatorActions },
): Promise<ActionAnswer> {
  const parsed = LETTERS.safeParse(given);
  if (!parsed.success) return unusable(parsed.error);
  const { fingerprint, by } = parsed.data;
  await actions[action]({ fingerprint }, { by, reason: "", from });
  return DONE;
}

function stopRedrive(
  given: unknown,
  { from, actions }: { readonly from: string; readonly actions: OperatorActions },
): ActionAnswer {
  const parsed = NOTHING_ELSE.safeParse(given);
  if (!parsed.success) return unusable(parsed.error);
  actions.stopRedrive({ by: parsed.data.by, reason: "", from });
  return DONE;
}

function setLogLevel(
  given: unknown,
  { from, actions }: { readonly from: string; readonly actions: OperatorActions },
): ActionAnswer {
  const parsed = LOG_LEVEL.safeParse(given);
  if (!parsed.success) return unusable(parsed.error);
  const { level, minutes, by } = parsed.data;
  actions.setLogLevel(level, { by: `${by} from ${from}`, forMs: minutes * 60_000 });
  return DONE;
}

function unusable({ issues: [issue] }: z.ZodError): ActionAnswer {
  const text = `Cannot use the body: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
  return { status: 400, text };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Null when it is too long. */
async function readBody({ body }: Request): Promise<string | null> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
