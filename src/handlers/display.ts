/** The default handler: shows that an event came by. */
import type { EnrichedEvent } from "../event.ts";
import type { Handle } from "../processing/message.ts";

/** At INFO in development, at DEBUG elsewhere. */
export function displayHandler(environment: string): Handle<EnrichedEvent> {
  return (event, { logger, partition, offset }) => {
    const fields = { eventType: event.event_type, event_id: event.event_id, partition, offset };
    if (environment === "development") logger.info("Processing event: {eventType}", fields);
    else logger.debug("Processing event: {eventType}", fields);
  };
}
