/** Peers that are compiled: Go and C. */
import { goProgram, librdkafkaProgram } from "./installs.ts";
import type { Peer, PeerCommand } from "./peer.ts";

/** All of them. */
export const NATIVE_PEERS: readonly Peer[] = [
  {
    name: "franz-go-json",
    title: "franz-go + encoding/json",
    decodes: "whole event",
    validates: "types, times",
    prepare: () => inGo("json"),
  },
  {
    name: "franz-go-sonic",
    title: "franz-go + sonic",
    decodes: "whole event",
    validates: "types, times",
    isOnEachSet: true,
    isAtRate: true,
    prepare: () => inGo("sonic"),
  },
  {
    name: "franz-go-sonic-fields",
    title: "franz-go + sonic, 3 fields",
    decodes: "3 fields",
    validates: "types of these 3",
    prepare: () => inGo("sonic_fields"),
  },
  {
    name: "librdkafka-raw",
    title: "librdkafka in C, the floor",
    decodes: "nothing",
    validates: "nothing",
    prepare: async () => ({ command: [await librdkafkaProgram()] }),
  },
];

async function inGo(decoder: string): Promise<PeerCommand> {
  return { command: [await goProgram()], env: { BENCH_DECODER: decoder } };
}
