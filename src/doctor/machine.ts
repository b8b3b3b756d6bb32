/** What depends on this machine alone: settings, codecs, the port for health, open files. */
import { X509Certificate } from "node:crypto";
import type { Config, ConfigRow } from "../config.ts";
import { selfTestCodecs } from "../kafka/codecs.ts";
import { get, urlOf } from "../ops/http_client.ts";
import { EXPIRES_SOON_MS } from "./brokers.ts";
import type { Result, Verdicts } from "./result.ts";
import { dateText, listed } from "./text.ts";

const SECTION = "This machine";

/** Settings that cannot work: one result each. */
export function invalidSettings(
  verdicts: Verdicts,
  problems: readonly string[],
): readonly Result[] {
  const check = { section: SECTION, name: "settings" } as const;
  return problems.map((detail) => verdicts.found(check, "settings_invalid", { detail }));
}

export function checkSettings(
  { config, verdicts }: { readonly config: Config; readonly verdicts: Verdicts },
  { rows, unknown }: { readonly rows: readonly ConfigRow[]; readonly unknown: readonly string[] },
): readonly Result[] {
  const check = { section: SECTION, name: "settings" } as const;
  const results: Result[] = [];
  if (unknown.length > 0) {
    results.push(verdicts.found(check, "settings_unknown", { detail: listed(unknown) }));
  }
  if (!config.enableAutoCommit) {
    const detail = "ENABLE_AUTO_COMMIT=false";
    results.push(verdicts.found(check, "offsets_not_committed", { detail }));
  }
  if (results.length > 0) return results;
  const set = rows.filter(({ origin }) => !origin.startsWith("default")).length;
  return [verdicts.ok(check, `${set} of ${rows.length} are set, all can work`)];
}

/** The one that we show to brokers. That it fits its key and has not expired is a matter of the settings. */
export function checkOwnCertificate(
  { config, verdicts }: { readonly config: Config; readonly verdicts: Verdicts },
  nowMs: number,
): readonly Result[] {
  const pem = config.kafkaTlsCert?.read() ?? null;
  if (pem === null) return [];
  const check = { section: SECTION, name: "client certificate" } as const;
  const { validTo, subject } = new X509Certificate(pem);
  const until = Date.parse(validTo);
  const detail = `${subject.replaceAll("\n", ", ")}, until ${dateText(until)}, with its key`;
  return until - nowMs < EXPIRES_SOON_MS
    ? [verdicts.found(check, "own_certificate_expires", { detail })]
    : [verdicts.ok(check, detail)];
}

export async function checkCodecs(verdicts: Verdicts): Promise<readonly Result[]> {
  const check = { section: SECTION, name: "codecs" } as const;
  try {
    await selfTestCodecs();
    return [verdicts.ok(check, "gzip, snappy (raw and xerial), lz4 and zstd read a known block")];
  } catch (error) {
    return [verdicts.found(check, "codec_broken", { detail: (error as Error).message })];
  }
}

const HTTP_DEADLINE_MS = 1_000;

/** Listens for a moment where health will be served. */
export async function checkHttpPort(
  { httpHost: hostname, httpPort: port }: Pick<Config, "httpHost" | "httpPort">,
  verdicts: Verdicts,
): Promise<readonly Result[]> {
  const check = { section: SECTION, name: "HTTP port" } as const;
  if (port === null) return [verdicts.ok(check, "HTTP_PORT=off: health is not served")];
  try {
    Deno.listen({ hostname, port }).close();
    const which = port === 0 ? "any that is free" : `${port} is free`;
    return [verdicts.ok(check, `${which} on ${hostname}`)];
  } catch (error) {
    const facts = { port };
    if (!(error instanceof Deno.errors.AddrInUse)) {
      const detail = `${hostname}, port ${port}: ${(error as Error).message}`;
      return [verdicts.found(check, "http_address_refused", { detail, facts })];
    }
    const version = await versionServed(hostname, port);
    if (version === null) {
      const detail = `Port ${port} on ${hostname} is taken`;
      return [verdicts.found(check, "http_port_taken", { detail, facts })];
    }
    const detail = `Processing Service ${version} answers on port ${port}`;
    return [verdicts.found(check, "http_port_own", { detail, facts })];
  }
}

/** The version of a service of ours that answers there; null for anybody else. */
async function versionServed(host: string, port: number): Promise<string | null> {
  try {
    const url = urlOf(host, port);
    const [version, live] = await Promise.all([
      get(`${url}/version`, HTTP_DEADLINE_MS),
      get(`${url}/livez`, HTTP_DEADLINE_MS),
    ]);
    if (live.status !== 200 || live.text !== "ok\n") return null;
    const told: unknown = JSON.parse(version.text);
    if (typeof told !== "object" || told === null || !("version" in told)) return null;
    return typeof told.version === "string" ? told.version : null;
  } catch {
    return null;
  }
}

/** One for each purpose, and one in reserve. */
const CONNECTIONS_PER_BROKER = 8;
/** Standard streams, the HTTP server and who asks it, files of secrets. */
const OTHER_FILES = 64;

/** Opens as many sockets as the service may need with so many brokers, and closes them. */
export function checkOpenFiles(verdicts: Verdicts, brokers: number): readonly Result[] {
  const check = { section: SECTION, name: "open files" } as const;
  const needed = CONNECTIONS_PER_BROKER * Math.max(1, brokers) + OTHER_FILES;
  const open: Deno.Listener[] = [];
  try {
    while (open.length < needed) open.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    return [verdicts.ok(check, `the ${needed} that may be needed can be opened`)];
  } catch (error) {
    const detail = `Only ${open.length} of ${needed} can be opened: ${(error as Error).message}`;
    return [verdicts.found(check, "files_limit", { detail })];
  } finally {
    for (const each of open) each.close();
  }
}

/** What the service never does. */
const UNNEEDED = ["run", "write", "ffi"] as const;

export async function checkPermissions(verdicts: Verdicts): Promise<readonly Result[]> {
  const check = { section: SECTION, name: "permissions" } as const;
  const states = await Promise.all(UNNEEDED.map((name) => Deno.permissions.query({ name })));
  const more = UNNEEDED.filter((_, index) => states[index]?.state === "granted");
  const detail = more.length === 0
    ? "no more than the service needs"
    : `more than the service needs: ${more.join(", ")}`;
  return [verdicts.ok(check, detail)];
}
