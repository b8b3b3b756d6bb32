/**
 * Looks at the certificate that a broker shows, whether it is trusted or not: until when it is valid and for which names.
 * Nothing is sent on the connection, which is closed at once.
 */
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

export interface PeerCertificate {
  /** Milliseconds since 1970. */
  readonly validTo: number;
  /** `DNS:localhost, IP Address:127.0.0.1`; empty when there are none. */
  readonly names: string;
}

/** Null when there is no TLS, or none that ends in time. Never throws. */
export async function peerCertificate(
  { host, port }: { readonly host: string; readonly port: number },
  options: { readonly servername: string | null; readonly deadlineMs: number },
): Promise<PeerCertificate | null> {
  const servername = options.servername ?? (net.isIP(host) ? null : host);
  const named = servername === null ? {} : { servername };
  const socket = tls.connect({ host, port, ...named, rejectUnauthorized: false });
  // A broker that asks for our certificate refuses the connection only after the handshake.
  socket.on("error", () => {});
  try {
    const signal = AbortSignal.timeout(options.deadlineMs);
    await once(socket, "secureConnect", { signal });
    const { valid_to: validTo, subjectaltname: names } = socket.getPeerCertificate();
    const at = Date.parse(validTo ?? "");
    return Number.isNaN(at) ? null : { validTo: at, names: names ?? "" };
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}
