/** The default handler: shows that an event came by. */
import type { EnrichedEvent } from "../event.ts";
import type { Handle } from "../processing/message.ts";

const TEXT = "Processing event: {event_type}";

/** One line per event: INFO in development, DEBUG otherwise, where a summary a minute is enough. */
export function display(
  { environment }: { readonly environment: string },
): Handle<EnrichedEvent> {
  const isDevelopment = environment === "development";
  return ({ event_id, event_type }, { logger, partition, offset }) => {
    const fields = { event_type, event_id, partition, offset };
    if (isDevelopment) logger.info(TEXT, fields);
    else logger.debug(TEXT, fields);
  };
}
