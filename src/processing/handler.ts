/** Which function processes which event. */
import type { EnrichedEvent } from "../event.ts";
import type { Handle } from "./message.ts";

export interface Handlers {
  /** By `event_type`. */
  readonly byType: Readonly<Record<string, Handle<EnrichedEvent>>>;
  /** For every other type. */
  readonly default: Handle<EnrichedEvent>;
}

export function handlerFor(handlers: Handlers, eventType: string): Handle<EnrichedEvent> {
  return Object.hasOwn(handlers.byType, eventType)
    ? handlers.byType[eventType] ?? handlers.default
    : handlers.default;
}
