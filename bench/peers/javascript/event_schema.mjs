/** The event as a user of zod writes it down: the same fields and formats as the service checks. */
import * as z from "zod";

const time = z.iso.datetime({ offset: true });

export const Event = z.object({
  event_id: z.uuid(),
  request_id: z.uuid(),
  event_type: z.string().min(1),
  timestamp: time,
  user_id: z.string(),
  session_id: z.string(),
  page_url: z.url(),
  event_data: z.record(z.string(), z.unknown()),
  client_info: z.object({
    user_agent: z.string(),
    screen_resolution: z.string(),
    language: z.string(),
  }),
  service_info: z.object({
    service_name: z.string(),
    service_version: z.string(),
    environment: z.string(),
  }),
  processing_info: z.object({
    received_at: time,
    processed_at: time,
    processing_ms: z.number().min(0),
  }),
});

/** The same, compiled. */
export const CompiledEvent = z.compile(Event);
