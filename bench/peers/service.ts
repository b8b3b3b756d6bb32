/** The service itself, with different handlers and settings. */
import type { Peer, PeerCommand } from "./peer.ts";

const FULL = "types, UUIDs, times, URL";
const OURS = { validates: FULL, isOurs: true } as const;

/** All of them. The first is the one that the others are compared with. */
export const SERVICE_PEERS: readonly Peer[] = [
  {
    ...OURS,
    name: "service",
    title: "Processing Service, handler reads 3 fields",
    decodes: "3 fields",
    isOnEachSet: true,
    isAtRate: true,
    prepare: () => service({}),
  },
  {
    ...OURS,
    name: "service-whole",
    title: "Processing Service, handler takes the whole event",
    decodes: "whole event",
    isOnEachSet: true,
    prepare: () => service({ HANDLER: "whole" }),
  },
  {
    ...OURS,
    name: "service-plain",
    title: "Processing Service with FAST_PATH=off, 3 fields",
    decodes: "3 fields",
    isOnEachSet: true,
    prepare: () => service({ FAST_PATH: "off" }),
  },
  {
    ...OURS,
    name: "service-workers",
    title: "Processing Service with WORKERS=2, 3 fields",
    decodes: "3 fields",
    prepare: () => service({ WORKERS: "2" }),
  },
  ...["latency", "efficient"].map((preset): Peer => ({
    ...OURS,
    name: `service-${preset}`,
    title: `Processing Service with FETCH_PRESET=${preset}, 3 fields`,
    decodes: "3 fields",
    isAtRate: true,
    isAtRateOnly: true,
    prepare: () => service({ FETCH_PRESET: preset }),
  })),
];

/** As in production, on any free port. */
function service(settings: Readonly<Record<string, string>>): Promise<PeerCommand> {
  const program = new URL("./service/main.ts", import.meta.url).pathname;
  return Promise.resolve({
    command: [Deno.execPath(), "run", "--no-prompt", "-A", program],
    env: { ENVIRONMENT: "production", HTTP_PORT: "0", ...settings },
  });
}
