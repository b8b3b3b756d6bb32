/**
 * What a handler may be, and how the right one is found: by `event_type`, else the default. A handler that declares
 * what it reads gets exactly that, so that later nothing else of the event needs to be built.
 */
import type { EnrichedEvent } from "../event.ts";
import type { Handle } from "./message.ts";
import { type Fields, select, type Selection, selectionOf } from "./selection.ts";

/** Paths into an event: `user_id`, `client_info.language`, and anything below the free-form `event_data`. */
export type EventPath = PathsOf<EnrichedEvent>;

/** The part of an event that `reads` names, nested as in the event. Below `event_data` every path may be absent. */
export type Read<P extends EventPath> = Merged<P extends string ? Part<EnrichedEvent, P> : never>;

/** A handler with what it declares of itself. Written by `handler()`, which knows the type of the event. */
export interface DeclaredHandler extends Declaration {
  /** It gets only this of the event; all of it by default. */
  readonly reads?: readonly EventPath[];
  readonly handle: Handle<never>;
}

/** What a handler may promise. */
export interface Declaration {
  /**
   * It changes nothing anywhere while `context.dryRun` is true, and fails as it would otherwise: so it can be rehearsed
   * with dead letters. A handler that has no effects at all may always say so.
   */
  readonly dryRunnable?: boolean;
}

/** Gets the whole event, or the part that it declares. */
export type Handler = Handle<EnrichedEvent> | DeclaredHandler;

/** Which handler gets which event. */
export interface Handlers {
  /** `event_type` -> its handler. */
  readonly byType: Readonly<Record<string, Handler>>;
  /** For every other `event_type`. */
  readonly default: Handler;
}

/**
 * A handler with what it declares. With `reads`, `event` has exactly these fields.
 *
 * @example
 * handler({ reads: ["user_id", "client_info.language"], handle: (event) => greet(event.client_info.language) })
 */
export function handler<const P extends EventPath>(
  declared: Declaration & { readonly reads: readonly P[]; readonly handle: Handle<Read<P>> },
): DeclaredHandler;
export function handler(
  declared: Declaration & { readonly handle: Handle<EnrichedEvent> },
): DeclaredHandler;
export function handler(declared: DeclaredHandler): DeclaredHandler {
  return declared;
}

/** A handler, and what is to be given to it. */
export interface BoundHandler {
  readonly handle: Handle<unknown>;
  /** Null: the whole event. */
  readonly selection: Selection | null;
  /** Takes a whole event, and gives to the handler what is to be given. */
  readonly handleWhole: Handle<EnrichedEvent>;
}

/** The handlers by the type of event. */
export class HandlerTable {
  readonly #byType: ReadonlyMap<string, BoundHandler>;
  readonly #default: BoundHandler;
  readonly #handlers: Handlers;

  /** @throws TypeError when a path in `reads` has an empty part or `__proto__` */
  constructor(handlers: Handlers) {
    const entries = Object.entries(handlers.byType);
    this.#byType = new Map(entries.map(([type, each]) => [type, bind(each)]));
    this.#default = bind(handlers.default);
    this.#handlers = handlers;
  }

  /** To be called with a whole event. */
  find(eventType: string): Handle<EnrichedEvent> {
    return this.bound(eventType).handleWhole;
  }

  /** For who takes from the event what the handler wants. */
  bound(eventType: string): BoundHandler {
    return this.#byType.get(eventType) ?? this.#default;
  }

  /** The handler of every event, where there is but one. */
  get only(): BoundHandler | null {
    return this.#byType.size === 0 ? this.#default : null;
  }

  /** May it be called without doing anything? */
  isDryRunnable(eventType: string): boolean {
    const { byType, default: fallback } = this.#handlers;
    const found = Object.hasOwn(byType, eventType) ? byType[eventType] : fallback;
    return typeof found === "object" && found.dryRunnable === true;
  }
}

type PathsOf<T> = {
  [K in keyof T & string]:
    | K
    | (string extends keyof T[K] ? `${K}.${string}` : T[K] extends object ? `${K}.${PathsOf<T[K]>}`
    : never);
}[keyof T & string];

type Part<T, P extends string> = string extends keyof T ? FreePart<P>
  : P extends `${infer K extends keyof T & string}.${infer Rest}`
    ? { readonly [k in K]: Part<T[K], Rest> }
  : P extends keyof T ? { readonly [k in P]: T[k] }
  : never;

type FreePart<P extends string> = P extends `${infer K}.${infer Rest}`
  ? { readonly [k in K]?: FreePart<Rest> }
  : { readonly [k in P]?: unknown };

type Merged<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer All) => void
  ? All
  : never;

function bind(given: Handler): BoundHandler {
  const { handle, reads } = typeof given === "function" ? { handle: given } : given;
  const called = handle as Handle<unknown>;
  if (reads === undefined) return { handle: called, selection: null, handleWhole: called };
  const selection = selectionOf(reads);
  const handleWhole: Handle<EnrichedEvent> = (event, context) =>
    called(select(event as unknown as Fields, selection), context);
  return { handle: called, selection, handleWhole };
}
