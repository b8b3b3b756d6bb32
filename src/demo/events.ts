/**
 * Realistic EnrichedEvents for `demo`: several users in sessions, event types in their usual shares, and a given share
 * of messages that are wrong in each of the ways that happen. The same seed gives the same stream.
 */
import { Buffer } from "node:buffer";

/** One message to produce, and what it is for. */
export interface DemoMessage {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** `flaky`: its handler fails once, then succeeds. */
  readonly kind: "valid" | "invalid" | "flaky";
  readonly eventId: string | null;
}

const EVENT_TYPES = [
  ["page_view", 60],
  ["button_click", 20],
  ["form_submit", 10],
  ["search", 7],
  ["sign_up", 3],
] as const;
const PAGES = [
  "/",
  "/pricing",
  "/docs/getting-started",
  "/blog/release-notes",
  "/account/settings",
];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15",
];
const SCREENS = ["1920x1080", "2560x1440", "390x844"];
const LANGUAGES = ["en-US", "de-DE", "fr-FR", "ja-JP"];
const USERS = 40;
/** Every so many valid messages one has a handler that fails once. */
const FLAKY_EVERY = 50;

export class DemoEvents {
  readonly #random: () => number;
  readonly #invalidShare: number;
  #made = 0;

  constructor(options: { readonly seed: number; readonly invalidShare: number }) {
    this.#random = mulberry32(options.seed);
    this.#invalidShare = options.invalidShare;
  }

  next(nowMs: number): DemoMessage {
    this.#made += 1;
    const user = `user-${100 + this.#below(USERS)}`;
    const key = Buffer.from(user);
    const event = this.#event(user, nowMs);
    if (this.#random() < this.#invalidShare) {
      return { key, value: this.#spoil(event), kind: "invalid", eventId: null };
    }
    const kind = this.#made % FLAKY_EVERY === 0 ? "flaky" : "valid";
    return { key, value: Buffer.from(JSON.stringify(event)), kind, eventId: event.event_id };
  }

  #event(user: string, nowMs: number) {
    const type = this.#eventType();
    const at = new Date(nowMs).toISOString();
    return {
      event_id: this.#uuid(),
      request_id: this.#uuid(),
      event_type: type,
      timestamp: at,
      user_id: user,
      session_id: `session-${this.#below(1000)}`,
      page_url: `https://example.com${this.#pick(PAGES)}`,
      event_data: type === "form_submit"
        ? { button_clicked: "submit", form_data: { field1: "value1", newsletter: true } }
        : { button_clicked: type === "button_click" ? "add-to-cart" : null },
      client_info: {
        user_agent: this.#pick(AGENTS),
        screen_resolution: this.#pick(SCREENS),
        language: this.#pick(LANGUAGES),
      },
      service_info: {
        service_name: "ingestion-service",
        service_version: "1.0.0",
        environment: "demo",
      },
      processing_info: { received_at: at, processed_at: at, processing_ms: 1 + this.#below(20) },
    };
  }

  /** Wrong in one of the ways that happen: a missing field, another type, not JSON, not UTF-8, nothing at all. */
  #spoil(event: object): Uint8Array {
    const kind = this.#below(5);
    const text = JSON.stringify(event);
    if (kind === 0) return Buffer.from(JSON.stringify({ ...event, user_id: undefined }));
    if (kind === 1) return Buffer.from(JSON.stringify({ ...event, timestamp: "yesterday" }));
    if (kind === 2) return Buffer.from(text.slice(0, text.length / 2));
    if (kind === 3) return Buffer.from([0xc3, 0x28, ...Buffer.from(text)]);
    return Buffer.alloc(0);
  }

  #eventType(): string {
    const total = EVENT_TYPES.reduce((sum, [, share]) => sum + share, 0);
    let at = this.#random() * total;
    for (const [type, share] of EVENT_TYPES) {
      at -= share;
      if (at < 0) return type;
    }
    return EVENT_TYPES[0][0];
  }

  #uuid(): string {
    const bytes = Buffer.from(Array.from({ length: 16 }, () => this.#below(256)));
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
      .join("-");
  }

  #pick(list: readonly string[]): string {
    return list[this.#below(list.length)] ?? "";
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** A small seeded generator, good enough for a demo. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
