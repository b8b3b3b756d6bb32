/**
 * Looks at TLS material before any broker sees it: does it parse, do key and certificate belong together, is it still
 * valid. A handshake would only say that something failed.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

export interface TlsMaterial {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly passphrase: string | null;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** One problem a text, by the setting's name; never any of the material itself. */
export function tlsMaterialProblems(material: TlsMaterial, now: number): readonly string[] {
  const problems: string[] = [];
  if (material.ca !== null) problems.push(...authorityProblems(material.ca, now));
  const chain = material.cert === null ? null : parseCertificates(material.cert);
  if (chain !== null) problems.push(...clientCertificateProblems(chain, now));
  const key = material.key === null ? null : parseKey(material.key, material.passphrase);
  if (typeof key === "string") problems.push(`KAFKA_TLS_KEY: ${key}`);
  const leaf = Array.isArray(chain) ? chain[0] : undefined;
  if (leaf !== undefined && key !== null && typeof key !== "string") {
    if (!belongTogether(leaf, key)) {
      problems.push("KAFKA_TLS_KEY: not the key of the certificate in KAFKA_TLS_CERT");
    }
  }
  return problems;
}

/** How many certificates a PEM text holds. */
export function countCertificates(pem: string): number {
  return pem.match(CERTIFICATE)?.length ?? 0;
}

/** An expired authority among valid ones is normal in a bundle; only expired ones are not. */
function authorityProblems(pem: string, now: number): readonly string[] {
  const authorities = parseCertificates(pem);
  if (typeof authorities === "string") return [`KAFKA_TLS_CA: ${authorities}`];
  if (authorities.some((each) => Date.parse(each.validTo) > now)) return [];
  return ["KAFKA_TLS_CA: every certificate in it has expired"];
}

function clientCertificateProblems(
  chain: readonly X509Certificate[] | string,
  now: number,
): readonly string[] {
  if (typeof chain === "string") return [`KAFKA_TLS_CERT: ${chain}`];
  const [leaf] = chain;
  if (leaf === undefined) return [];
  if (Date.parse(leaf.validTo) <= now) {
    return [`KAFKA_TLS_CERT: the certificate expired on ${leaf.validTo}`];
  }
  if (Date.parse(leaf.validFrom) > now) {
    return [`KAFKA_TLS_CERT: the certificate is not valid before ${leaf.validFrom}`];
  }
  return [];
}

/** The certificates of a PEM text, or what is wrong with it. */
function parseCertificates(pem: string): X509Certificate[] | string {
  const blocks = pem.match(CERTIFICATE);
  if (blocks === null) return "holds no PEM certificate (-----BEGIN CERTIFICATE-----)";
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      return `certificate ${index + 1} of ${blocks.length} cannot be parsed`;
    }
  }
  return certificates;
}

/** The key, or what is wrong with it. */
function parseKey(pem: string, passphrase: string | null): KeyObject | string {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    return "holds no PEM private key (-----BEGIN PRIVATE KEY-----)";
  }
  // Without this, the crypto library would ask for the passphrase on a terminal.
  const isEncrypted = ENCRYPTED_KEY.test(pem);
  if (isEncrypted && passphrase === null) return "needs its KAFKA_TLS_KEY_PASSPHRASE";
  try {
    return createPrivateKey(passphrase === null ? pem : { key: pem, passphrase });
  } catch {
    return isEncrypted ? "not decrypted by KAFKA_TLS_KEY_PASSPHRASE" : "cannot be parsed";
  }
}

function belongTogether(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}
