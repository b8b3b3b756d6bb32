/** What an operator can do over HTTP: hold partitions still, and let them go on. */
import { z } from "zod";
import type { TopicPartition } from "../../processing/message.ts";

/** Everything, or these. */
export type ActionScope = "all" | readonly TopicPartition[];

/** Who asked, and why. */
export interface ActionFacts {
  readonly by: string;
  readonly reason: string;
  /** The address that the request came from. */
  readonly from: string;
}

export interface OperatorActions {
  /** @throws ActionError when a partition does not exist */
  pause(scope: ActionScope, facts: ActionFacts): void;
  /** @throws ActionError when a partition does not exist */
  resume(scope: ActionScope, facts: ActionFacts): void;
}

/** What was asked for cannot be done; the message says why. */
export class ActionError extends Error {
  override readonly name = "ActionError";
}

const BODY_MAX_BYTES = 65_536;
const PARTITIONS_MAX = 10_000;

const LINE = z.string().trim().max(200).regex(/^\P{Cc}*$/u, "expected one line");
const BODY = z.strictObject({
  partitions: z.union([
    z.literal("all"),
    z.array(z.strictObject({
      topic: z.string().max(249),
      partition: z.int().min(0),
    })).min(1).max(PARTITIONS_MAX),
  ]),
  reason: LINE.default(""),
  by: LINE.default("operator"),
});

/** Does what the path names with the partitions of the body. */
export async function act(
  action: keyof OperatorActions,
  { request, from, actions }: {
    readonly request: Request;
    readonly from: string;
    readonly actions: OperatorActions;
  },
): Promise<{ readonly status: number; readonly text: string }> {
  const body = await readBody(request);
  if (body === null) return { status: 413, text: `Send ${BODY_MAX_BYTES} bytes at most` };
  const parsed = BODY.safeParse(jsonOrNull(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const text = `Cannot use the body: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
    return { status: 400, text };
  }
  const { partitions, by, reason } = parsed.data;
  if (action === "pause" && reason === "") return { status: 400, text: "Give a reason" };
  try {
    actions[action](partitions, { by, reason, from });
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return { status: 404, text: error.message };
  }
  return { status: 200, text: "ok" };
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
