/**
 * Certificates for tests of TLS, made by openssl: two authorities that do not know each other, server certificates
 * that are right, expired or for another host, and client certificates.
 */
import { run } from "./command.ts";

/** A certificate with its key, each PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  /** Path of a file with key, certificate and authority, as Kafka takes it for a keystore. */
  readonly keystore: string;
}

/** What a test of TLS needs, as files in one directory. */
export interface Certificates {
  /** The authority that signed everything but `stranger`. */
  readonly ca: string;
  readonly caFile: string;
  /** An authority that signed nothing of ours. */
  readonly strangerCa: string;
  /** For localhost and 127.0.0.1. */
  readonly server: KeyPair;
  /** As `server`, but no longer valid. */
  readonly expired: KeyPair;
  /** For OTHER_HOST. */
  readonly otherHost: KeyPair;
  /** Of CLIENT_PRINCIPAL. */
  readonly client: KeyPair;
  /** A client certificate that the stranger signed. */
  readonly stranger: KeyPair;
  /** The key of `client`, encrypted with CLIENT_PASSPHRASE. */
  readonly encryptedClientKey: string;
}

export const OTHER_HOST = "kafka.other.example";
/** What Kafka calls the owner of the client certificate. */
export const CLIENT_PRINCIPAL = "User:CN=service-client";
export const CLIENT_PASSPHRASE = "a passphrase";

const OPENSSL_DEADLINE_MS = 20_000;
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const LOCAL_NAMES = "DNS:localhost,IP:127.0.0.1";

/** Makes all of them anew in `directory`, which exists. Needs `openssl`. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const openssl = (args: readonly string[]) =>
    run(["openssl", ...args], { cwd: directory, deadlineMs: OPENSSL_DEADLINE_MS });
  const read = (name: string) => Deno.readTextFile(`${directory}/${name}`);
  await layOutAuthority(directory);
  await Promise.all(["ca", "stranger"].map((name) => makeAuthority(name, openssl)));
  const make = async (name: string, leaf: Leaf): Promise<KeyPair> => {
    await signLeaf(name, { leaf, directory, openssl });
    const [cert, key, ca] = await Promise.all([`${name}.crt`, `${name}.key`, "ca.crt"].map(read));
    const keystore = `${directory}/${name}.pem`;
    await Deno.writeTextFile(keystore, `${key}${cert}${ca}`);
    return { cert: `${cert}`, key: `${key}`, keystore };
  };
  // One after the other: they share the authority's database.
  const server = await make("server", { subject: "/CN=kafka", names: LOCAL_NAMES });
  const expired = await make("expired", {
    subject: "/CN=kafka",
    names: LOCAL_NAMES,
    validity: ["-startdate", "20250101000000Z", "-enddate", "20250201000000Z"],
  });
  const otherHost = await make("other", { subject: "/CN=other", names: `DNS:${OTHER_HOST}` });
  const client = await make("client", { subject: "/CN=service-client" });
  const stranger = await make("badclient", { subject: "/CN=bad-client", authority: "stranger" });
  const encrypt = ["-topk8", "-v2", "aes-256-cbc", "-passout", `pass:${CLIENT_PASSPHRASE}`];
  const encryptedClientKey = await openssl(["pkcs8", "-in", "client.key", ...encrypt]);
  const [ca, strangerCa] = [await read("ca.crt"), await read("stranger.crt")];
  const caFile = `${directory}/ca.crt`;
  return {
    ca,
    caFile,
    strangerCa,
    server,
    expired,
    otherHost,
    client,
    stranger,
    encryptedClientKey,
  };
}

interface Leaf {
  readonly subject: string;
  /** Subject alternative names; none for a client. */
  readonly names?: string;
  readonly authority?: "ca" | "stranger";
  /** Dates for `openssl ca`; 30 days from now without it. */
  readonly validity?: readonly string[];
}

type Openssl = (args: readonly string[]) => Promise<string>;

/** `openssl ca` rather than `openssl x509`, which cannot make an expired certificate before 3.4. */
async function layOutAuthority(directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/issued`);
  await Deno.writeTextFile(`${directory}/index.txt`, "");
  await Deno.writeTextFile(`${directory}/serial`, "1000\n");
  const lines = [
    "[ca]",
    "default_ca = test",
    "[test]",
    "database = index.txt",
    "serial = serial",
    "new_certs_dir = issued",
    "default_md = sha256",
    "default_days = 30",
    "policy = any",
    "copy_extensions = copy",
    "unique_subject = no",
    "[any]",
    "commonName = supplied",
  ];
  await Deno.writeTextFile(`${directory}/ca.cnf`, `${lines.join("\n")}\n`);
}

async function makeAuthority(name: string, openssl: Openssl): Promise<void> {
  await openssl([
    ...["req", "-x509", ...NEW_KEY, "-days", "30", "-subj", `/CN=${name}`],
    ...["-keyout", `${name}.key`, "-out", `${name}.crt`],
    ...["-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  ]);
}

async function signLeaf(
  name: string,
  { leaf, openssl }: { leaf: Leaf; directory: string; openssl: Openssl },
): Promise<void> {
  const usage = leaf.names === undefined ? "clientAuth" : "serverAuth";
  const names = leaf.names === undefined ? [] : ["-addext", `subjectAltName=${leaf.names}`];
  await openssl([
    ...["req", ...NEW_KEY, "-subj", leaf.subject, "-keyout", `${name}.key`, "-out", `${name}.csr`],
    ...["-addext", "basicConstraints=CA:FALSE", "-addext", `extendedKeyUsage=${usage}`, ...names],
  ]);
  const authority = leaf.authority ?? "ca";
  await openssl([
    ...["ca", "-batch", "-notext", "-config", "ca.cnf"],
    ...["-cert", `${authority}.crt`, "-keyfile", `${authority}.key`],
    ...["-in", `${name}.csr`, "-out", `${name}.crt`, ...leaf.validity ?? []],
  ]);
}
