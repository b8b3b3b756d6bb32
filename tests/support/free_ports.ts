/**
 * Ports for servers that must keep theirs over a restart. They lie below the range from which Linux and macOS
 * take a client's own port: a client that keeps trying a dead port of that range can end up connected to itself
 * and hold the port against the server that wants it back.
 */

const LOWEST_PORT = 20_000;
/** Linux hands out client ports from 32768 on. */
const HIGHEST_PORT = 32_000;
const MAX_TRIES = 200;

/** Answers `count` different ports that were free on 127.0.0.1 a moment ago. */
export function freePorts(count: number): readonly number[] {
  const held: Deno.TcpListener[] = [];
  try {
    for (let tries = 0; held.length < count && tries < MAX_TRIES; tries += 1) {
      const listener = tryToListen(randomPort());
      if (listener !== null) held.push(listener);
    }
    if (held.length < count) {
      throw new Error(`Found too few free ports: ${held.length} of ${count}`);
    }
    return held.map((listener) => listener.addr.port);
  } finally {
    for (const listener of held) listener.close();
  }
}

function randomPort(): number {
  return LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
}

function tryToListen(port: number): Deno.TcpListener | null {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return null;
    throw error;
  }
}
