/** Peers on Deno and Node. */
import { needsCommand, npmDirectory } from "./installs.ts";
import type { Peer, PeerCommand } from "./peer.ts";

const FULL = "types, UUIDs, times, URL";

/** All of them. */
export const JAVASCRIPT_PEERS: readonly Peer[] = [
  {
    name: "kafkajs-deno",
    title: "kafkajs eachMessage + zod, Deno",
    decodes: "whole event",
    validates: FULL,
    isOnEachSet: true,
    isAtRate: true,
    prepare: () => onDeno("kafkajs.mjs"),
  },
  {
    name: "kafkajs-node",
    title: "kafkajs eachMessage + zod, Node",
    decodes: "whole event",
    validates: FULL,
    prepare: () => onNode("kafkajs.mjs"),
  },
  {
    name: "platformatic-deno",
    title: "@platformatic/kafka + compiled zod, Deno",
    decodes: "whole event",
    validates: FULL,
    prepare: () => onDeno("platformatic.mjs"),
  },
];

async function onDeno(script: string): Promise<PeerCommand> {
  const cwd = await npmDirectory();
  const flags = ["--no-prompt", "--no-lock", "--node-modules-dir=manual", "-A"];
  return { command: [Deno.execPath(), "run", ...flags, script], cwd };
}

async function onNode(script: string): Promise<PeerCommand> {
  await needsCommand("node");
  return { command: ["node", script], cwd: await npmDirectory() };
}
