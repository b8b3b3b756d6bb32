/** The owner's example event, whole or with some fields of one's own. */
import type { EnrichedEvent } from "../../src/event.ts";

export function sampleEvent(own: Partial<EnrichedEvent> = {}): EnrichedEvent {
  return {
    event_id: "7b7e6d2c-3f0e-4a53-9d3e-5a1f0c9b8e11",
    request_id: "0f9b1a52-8c1d-4e7a-b1a4-2d3c4b5a6f70",
    event_type: "page_view",
    timestamp: "2024-01-15T10:30:45Z",
    user_id: "user-123",
    session_id: "session-456",
    page_url: "https://example.com",
    event_data: { button_clicked: "submit", form_data: { field1: "value1" } },
    client_info: {
      user_agent: "Mozilla/5.0...",
      screen_resolution: "1920x1080",
      language: "en-US",
    },
    service_info: {
      service_name: "ingestion-service",
      service_version: "1.0.0",
      environment: "development",
    },
    processing_info: {
      received_at: "2024-01-15T10:30:45Z",
      processed_at: "2024-01-15T10:30:45Z",
      processing_ms: 5,
    },
    ...own,
  };
}

/** A value as Kafka delivers it. */
export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}
