/** The service itself, with different handlers and settings. */
import { SETTING_NAMES } from "../../src/config/settings.ts";
import type { Peer, PeerCommand } from "./peer.ts";
import { PeerMissing } from "./installs.ts";

const FULL = "types, UUIDs, times, URL";
const THREE = "3 fields";
const WHOLE = "whole event";

/** All of them. */
export const SERVICE_PEERS: readonly Peer[] = [
  {
    name: "service",
    title: "Processing Service, handler reads 3 fields",
    decodes: THREE,
    validates: FULL,
    isOurs: true,
    isOnEachSet: true,
    isAtRate: true,
    prepare: () => service({}),
  },
  {
    name: "service-whole",
    title: "Processing Service, handler takes the whole event",
    decodes: WHOLE,
    validates: FULL,
    isOurs: true,
    isOnEachSet: true,
    prepare: () => service({ HANDLER: "whole" }),
  },
];

/** Runs it with these settings. @throws PeerMissing when this version does not have one of them */
function service(
  settings: Readonly<Record<string, string>>,
  needs: readonly string[] = [],
): Promise<PeerCommand> {
  for (const name of needs) {
    if ((SETTING_NAMES as readonly string[]).includes(name)) continue;
    return Promise.reject(new PeerMissing(`this version has no setting ${name}`));
  }
  const program = new URL("./service/main.ts", import.meta.url).pathname;
  return Promise.resolve({
    command: [Deno.execPath(), "run", "--no-prompt", "-A", program],
    env: { ENVIRONMENT: "production", HTTP_PORT: "0", ...settings },
  });
}
