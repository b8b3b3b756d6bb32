/** Peers in Python. */
import { pythonPackages } from "./installs.ts";
import type { Peer, PeerCommand } from "./peer.ts";

/** All of them. */
export const PYTHON_PEERS: readonly Peer[] = [
  {
    name: "confluent-json",
    title: "confluent-kafka Python + json",
    decodes: "whole event",
    validates: "nothing",
    isAtRate: true,
    prepare: () => inPython("confluent.py", "json"),
  },
];

async function inPython(
  script: string,
  decoder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<PeerCommand> {
  const { python, packages } = await pythonPackages();
  const path = new URL(`./python/${script}`, import.meta.url).pathname;
  return {
    command: [python, "-B", path],
    env: { PYTHONPATH: packages, BENCH_DECODER: decoder, ...env },
  };
}
