/**
 * Looks a second time at a broker's certificate that node:tls did not accept. It has one code for a certificate of an
 * unknown authority and for one that has expired; the runtime's own TLS tells them apart, and only the second mends
 * itself when somebody renews the certificate.
 */
import { ConnectionError } from "./connections.ts";

/** What node:tls says when no trusted authority vouches for a certificate as it is today. */
export const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

export interface CertificateOptions {
  /** PEM; null for the authorities that the runtime trusts. */
  readonly ca: string | null;
  /** The name to look for instead of the broker's host. */
  readonly servername: string | null;
  /** Longest time for both the connection and the handshake. */
  readonly deadlineMs: number;
  /** One TLS handshake that throws what is wrong; by default with the runtime's own TLS. */
  readonly shakeHands?: (options: HandshakeOptions) => Promise<void>;
}

export interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string | null;
  readonly servername: string;
  readonly signal: AbortSignal;
}

/** What rustls says of a certificate that is right but for the time. */
const OUT_OF_DATE = /certificate (expired|not valid yet)/;

/**
 * The runtime's words about the certificate if `error` is of one that is only out of date; null for anything else,
 * most often without a second look. Never throws.
 */
export async function outOfDateCertificate(
  error: unknown,
  options: CertificateOptions,
): Promise<string | null> {
  if (!(error instanceof ConnectionError) || error.code === undefined) return null;
  if (!UNTRUSTED_CODES.has(error.code)) return null;
  const { hostname, port } = new URL(`tls://${error.broker}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  const { ca, servername, deadlineMs, shakeHands = shakeHandsByRuntime } = options;
  try {
    await shakeHands({
      host,
      port: Number(port),
      ca,
      servername: servername ?? host,
      signal: AbortSignal.timeout(deadlineMs),
    });
    return null;
  } catch (problem) {
    const text = String((problem as Error).message);
    return OUT_OF_DATE.test(text) ? text : null;
  }
}

async function shakeHandsByRuntime(options: HandshakeOptions): Promise<void> {
  const { host, port, ca, servername, signal } = options;
  const tcp = await Deno.connect({ hostname: host, port, signal });
  let connection: Deno.Conn = tcp;
  const giveUp = () => connection.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const caCerts = ca === null ? [] : [ca];
    const secure = await Deno.startTls(tcp, { hostname: servername, caCerts });
    connection = secure;
    await secure.handshake();
  } finally {
    signal.removeEventListener("abort", giveUp);
    if (!signal.aborted) connection.close();
  }
}
