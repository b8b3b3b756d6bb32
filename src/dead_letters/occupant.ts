/**
 * Who is redriving dead letters now. A redrive offers the group an assignor of a name that nobody else has, so brokers
 * let no second member in: the first one holds the group, with the time of its start in that name.
 */
import type { Caller } from "../kafka/connections.ts";
import { describeGroup } from "../kafka/inspection_requests.ts";
import type { BrokerAddress } from "../kafka/protocol.ts";

export interface Occupant {
  readonly clientId: string;
  /** As the broker sees it: an address. */
  readonly clientHost: string;
  /** Milliseconds since 1970; null where it does not say. */
  readonly since: number | null;
}

const NAME = "redrive";

/** The assignor of a redrive that starts at a time; `random` in [0, 1) tells it from another one of the same moment. */
export function protocolOf(
  { at, random }: { readonly at: number; readonly random: number },
): string {
  const digits = Math.floor(random * 0x1_0000_0000).toString(16).padStart(8, "0");
  return `${NAME}-${Math.trunc(at)}-${digits}`;
}

/**
 * Null: nobody, or nobody says. Asks every broker, because looking the coordinator up would make a new cluster create
 * its topic of offsets. Never rejects.
 */
export async function findOccupant(
  { caller, brokers, requestTimeoutMs: deadlineMs }: {
    readonly caller: Caller;
    readonly brokers: readonly BrokerAddress[];
    readonly requestTimeoutMs: number;
  },
  groupId: string,
): Promise<Occupant | null> {
  const request = describeGroup(groupId);
  const answers = await Promise.all(
    brokers.map((to) =>
      caller.call({ to, purpose: "browse", request, deadlineMs }).catch(() => null)
    ),
  );
  for (const answer of answers) {
    const [member] = answer?.errorCode === 0 ? answer.members : [];
    if (answer === null || member === undefined) continue;
    const { clientId, clientHost } = member;
    return { clientId, clientHost: clientHost.replace(/^\//, ""), since: sinceOf(answer.protocol) };
  }
  return null;
}

/** In words: who it is, and since when. */
export function occupantText({ clientId, clientHost, since }: Occupant): string {
  const when = since === null ? "" : ` since ${new Date(since).toISOString()}`;
  return `${clientId} at ${clientHost}${when}`;
}

function sinceOf(protocol: string): number | null {
  const digits = new RegExp(`^${NAME}-(\\d{1,15})-`).exec(protocol)?.[1];
  return digits === undefined ? null : Number(digits);
}
