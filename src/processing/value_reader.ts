/**
 * From the bytes of a value to its handler, and what that handler is to be given. There are two ways, with the same
 * answers: to decode the whole event and take from it what is wanted, or to scan it and build no more than that.
 */
import type { Decode } from "./decode.ts";
import type { HandlerTable } from "./handler.ts";
import type { Handle } from "./message.ts";
import type { Plan, Scanner } from "./scanner.ts";
import { type Fields, select, type Selection } from "./selection.ts";
import type { Failure } from "./telemetry.ts";

/** A handler, and what it is to be called with. */
export interface HandledValue {
  readonly handle: Handle<unknown>;
  readonly event: unknown;
  readonly failure: null;
}

/** Or why there is nothing to call with. */
export type ReadValue = HandledValue | { readonly failure: Failure };

/** Never throws. A tombstone has no value: it is not for this function. */
export type ValueReader = (value: Uint8Array) => ReadValue;

export interface ReaderOptions {
  readonly handlers: HandlerTable;
  readonly decode: Decode;
  /** Null: each value is decoded. */
  readonly scanner: Scanner | null;
}

export function valueReader({ handlers, decode, scanner }: ReaderOptions): ValueReader {
  const plain = plainReader(handlers, decode);
  return scanner === null ? plain : scanningReader(handlers, { scanner, otherwise: plain });
}

function plainReader(handlers: HandlerTable, decode: Decode): ValueReader {
  return (value) => {
    const { event, failure } = decode(value);
    if (event === null) return { failure };
    const { handle, selection } = handlers.bound(event.event_type);
    const wanted = selection === null ? event : select(event as unknown as Fields, selection);
    return { handle, event: wanted, failure: null };
  };
}

function scanningReader(
  handlers: HandlerTable,
  { scanner, otherwise }: { readonly scanner: Scanner; readonly otherwise: ValueReader },
): ValueReader {
  const eventType = scanner.field(["event_type"]);
  if (eventType === null) return otherwise;
  const { only } = handlers;
  const plans = new Map<Selection, Plan | null>();
  const planFor = (selection: Selection): Plan | null => {
    let plan = plans.get(selection);
    if (plan === undefined) {
      plan = scanner.plan(selection);
      plans.set(selection, plan);
    }
    return plan;
  };
  return (value) => {
    if (!scanner.scan(value)) return otherwise(value);
    const { handle, selection } = only ?? handlers.bound(scanner.read(eventType) as string);
    const plan = selection === null ? null : planFor(selection);
    if (plan !== null) return { handle, event: scanner.build(plan), failure: null };
    const whole = scanner.whole();
    const event = selection === null ? whole : select(whole as Fields, selection);
    return { handle, event, failure: null };
  };
}
