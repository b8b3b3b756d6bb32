/**
 * Whether brokers let us in, and let us do what we ask: every answer and every failure passes here, so that no refusal
 * goes unnoticed, whichever request meets it. Each change is told once. A refusal keeps the service from being ready;
 * at start, and after AUTH_RETRY_MS, it is final. Retrying is the business of whoever asked.
 */
import type { Clock } from "../processing/clock.ts";
import { AuthenticationError, NoCredentialsError } from "./authentication.ts";
import { type Call, type Caller, ConnectionError, type Purpose } from "./connections.ts";
import { diagnose, type DiagnosisContext } from "./diagnosis.ts";
import { ERROR_CODE, errorCodeText, isAuthorizationCode } from "./error_codes.ts";
import { CoordinatorError } from "./metadata.ts";
import type { BrokerAddress } from "./protocol.ts";

export interface AccessOptions {
  readonly clock: Clock;
  /** AUTH_RETRY_MS: a refusal that has lasted for so long is final. */
  readonly retryMs: number;
  /** Nobody asks any more for what nobody was refused for so long: more than the longest pause between two tries. */
  readonly forgetMs: number;
  readonly groupId: string;
  readonly context: DiagnosisContext;
  /** Nothing has worked yet: whoever lacks a right now has never had it. */
  readonly isStarting: () => boolean;
  readonly telemetry: {
    accessRefused(facts: { readonly reason: string; readonly giveUpMs: number | null }): void;
    accessGranted(facts: { readonly reason: string; readonly refusedMs: number }): void;
  };
  /** It is final. */
  readonly onFinal: (reason: string) => void;
}

/** What is refused: a right on a topic (null: on the group) by one kind of request, or our credentials. */
type Subject =
  | { readonly api: string; readonly topic: string | null }
  | "authentication"
  | "credentials";

/** A refusal, from the first time that it was met. */
interface Refusal {
  readonly subject: Subject;
  readonly reason: string;
  readonly since: number;
  lastAt: number;
  /** Who met it and has not been served since: requests of one kind, or connections. */
  readonly by: Set<string>;
  readonly cancel: () => void;
}

/** What we have to be allowed, by the name of the request. Others are asked only at start, which looks for itself. */
const RIGHTS: Readonly<Record<string, { readonly topic?: string; readonly group?: string }>> = {
  Metadata: { topic: "DESCRIBE" },
  FindCoordinator: { group: "DESCRIBE" },
  JoinGroup: { group: "READ" },
  SyncGroup: { group: "READ" },
  Heartbeat: { group: "READ" },
  OffsetFetch: { topic: "DESCRIBE", group: "DESCRIBE" },
  OffsetCommit: { topic: "READ", group: "READ" },
  ListOffsets: { topic: "DESCRIBE" },
  OffsetForLeaderEpoch: { topic: "DESCRIBE" },
  Fetch: { topic: "READ" },
  Produce: { topic: "WRITE" },
};

export class Access {
  readonly #options: AccessOptions;
  readonly #refusals = new Map<string, Refusal>();
  #isWatching = false;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** What we are refused; null when nothing. */
  get problem(): string | null {
    const { clock, forgetMs } = this.#options;
    const held = [...this.#refusals.values()].filter(({ lastAt }) =>
      clock.now() - lastAt <= forgetMs
    );
    const [first] = held;
    if (first === undefined) return null;
    return held.length === 1 ? first.reason : `${first.reason} (and ${held.length - 1} more)`;
  }

  /** From here on; before, the start looks for itself. */
  start(): void {
    this.#isWatching = true;
  }

  stop(): void {
    this.#isWatching = false;
    for (const { cancel } of this.#refusals.values()) cancel();
    this.#refusals.clear();
  }

  /** A broker answered: it let us in, and says for each topic, or for the group, whether we may. */
  onAnswer({ to, purpose, request: { apiName } }: Call<unknown>, answer: unknown): void {
    const rights = RIGHTS[apiName];
    if (!this.#isWatching || rights === undefined) return;
    const served = new Set<string | null>();
    for (const { topic, code } of resultsIn(answer)) {
      if (!isAuthorizationCode(code)) {
        served.add(topic).add(null);
        continue;
      }
      const ofTopic = code === ERROR_CODE.TOPIC_AUTHORIZATION_FAILED;
      const right = (ofTopic ? rights.topic : rights.group) ?? "use";
      const what = ofTopic ? `topic ${topic}` : `group ${this.#options.groupId}`;
      const reason = `Allow this user to ${right} ${what}, ${apiName} was refused: ` +
        errorCodeText(code);
      this.#refuse({ api: apiName, topic: ofTopic ? topic : null }, { reason, by: apiName });
    }
    if (this.#refusals.size > 0) this.#grant(apiName, { served, by: connectionName(to, purpose) });
  }

  /** There was no answer: because of our credentials? */
  onFailure({ to, purpose }: Call<unknown>, error: unknown): void {
    if (!this.#isWatching || !isAuthenticationFailure(error)) return;
    const { text, hint } = diagnose(error, this.#options.context);
    const subject = error instanceof NoCredentialsError ? "credentials" : "authentication";
    this.#refuse(subject, { reason: `${text}. ${hint}`, by: connectionName(to, purpose) });
  }

  #refuse(
    subject: Subject,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): void {
    const { clock, retryMs, telemetry, isStarting, onFinal } = this.#options;
    if (typeof subject === "object" && isStarting()) return onFinal(reason);
    const key = keyOf(subject);
    const held = this.#held(key);
    if (held !== undefined) {
      held.lastAt = clock.now();
      held.by.add(by);
      return;
    }
    // A restart brings no token either, and the endpoint may be back at any time.
    const giveUpMs = subject === "credentials" ? null : retryMs;
    const cancel = giveUpMs === null ? () => {} : clock.schedule(giveUpMs, () => this.#giveUp(key));
    const since = clock.now();
    this.#refusals.set(key, { subject, reason, since, lastAt: since, by: new Set([by]), cancel });
    telemetry.accessRefused({ reason, giveUpMs });
  }

  #grant(
    apiName: string,
    { served, by }: { readonly served: ReadonlySet<string | null>; readonly by: string },
  ): void {
    for (const [key, { subject }] of [...this.#refusals]) {
      if (typeof subject === "string") this.#serve(key, by);
      else if (subject.api === apiName && served.has(subject.topic)) this.#serve(key, apiName);
    }
  }

  #serve(key: string, by: string): void {
    const held = this.#refusals.get(key);
    if (held === undefined) return;
    held.by.delete(by);
    if (held.by.size > 0) return;
    this.#forget(key, held);
    const { clock, telemetry } = this.#options;
    const refusedMs = Math.round(clock.now() - held.since);
    telemetry.accessGranted({ reason: held.reason, refusedMs });
  }

  #giveUp(key: string): void {
    const held = this.#held(key);
    if (held === undefined) return;
    const { retryMs, onFinal } = this.#options;
    onFinal(`${held.reason}. Refused for AUTH_RETRY_MS: ${retryMs}`);
  }

  /** Undefined where it is too long ago to be still true. */
  #held(key: string): Refusal | undefined {
    const held = this.#refusals.get(key);
    const { clock, forgetMs } = this.#options;
    if (held === undefined || clock.now() - held.lastAt <= forgetMs) return held;
    this.#forget(key, held);
    return undefined;
  }

  #forget(key: string, { cancel }: Refusal): void {
    cancel();
    this.#refusals.delete(key);
  }
}

/** Calls as another one does, and shows what comes of it to `access`. */
export class WatchedCaller implements Caller {
  readonly #caller: Caller;
  readonly #access: Access;

  constructor(caller: Caller, access: Access) {
    this.#caller = caller;
    this.#access = access;
  }

  async call<Answer>(call: Call<Answer>): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#caller.call(call);
    } catch (error) {
      this.#access.onFailure(call, error);
      throw error;
    }
    this.#access.onAnswer(call, answer);
    return answer;
  }

  drop(to: BrokerAddress, purpose: Purpose, reason: string): void {
    this.#caller.drop(to, purpose, reason);
  }
}

/** Told here already, once, by whoever is refused first. */
export function isAccessError(error: unknown): boolean {
  if (error instanceof CoordinatorError) return isAuthorizationCode(error.errorCode);
  return isAuthenticationFailure(error);
}

function isAuthenticationFailure(error: unknown): boolean {
  if (error instanceof AuthenticationError || error instanceof NoCredentialsError) return true;
  if (!(error instanceof ConnectionError)) return false;
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  return code === ERROR_CODE.UNSUPPORTED_SASL_MECHANISM || code === ERROR_CODE.ILLEGAL_SASL_STATE;
}

function keyOf(subject: Subject): string {
  return typeof subject === "string" ? subject : `${subject.api} ${subject.topic ?? ""}`;
}

/** The shapes of our answers: a code for all, or for each topic or partition, or a list of these. */
interface Coded {
  readonly topic?: string;
  readonly name?: string;
  readonly errorCode?: number;
}

function* resultsIn(answer: unknown): Iterable<{ topic: string | null; code: number }> {
  const { partitions, topics, offsets, ...whole } = answer as Coded & {
    readonly partitions?: readonly Coded[];
    readonly topics?: readonly Coded[];
    readonly offsets?: readonly Coded[];
  };
  for (const each of [whole, ...partitions ?? topics ?? offsets ?? []]) {
    const { topic = each.name ?? null, errorCode: code } = each;
    if (code !== undefined) yield { topic, code };
  }
}

function connectionName({ host, port }: BrokerAddress, purpose: Purpose): string {
  return `${host}:${port}/${purpose}`;
}
