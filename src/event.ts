/**
 * EnrichedEvent: the contract with the Ingestion-Service. Fields that it does not name pass through; `event_data` is
 * free-form. Whatever does not fit is a dead letter whose reason names the path, never the value.
 */
import { z } from "zod";

const time = z.iso.datetime({ offset: true });

export const enrichedEvent = z.looseObject({
  event_id: z.guid(),
  request_id: z.guid(),
  event_type: z.string().min(1),
  timestamp: time,
  user_id: z.string(),
  session_id: z.string(),
  page_url: z.url(),
  event_data: z.looseObject({}),
  client_info: z.looseObject({
    user_agent: z.string(),
    screen_resolution: z.string(),
    language: z.string(),
  }),
  service_info: z.looseObject({
    service_name: z.string(),
    service_version: z.string(),
    environment: z.string(),
  }),
  processing_info: z.looseObject({
    received_at: time,
    processed_at: time,
    processing_ms: z.number().min(0),
  }),
});

export type EnrichedEvent = z.infer<typeof enrichedEvent>;
