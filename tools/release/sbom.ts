/**
 * What is in the executable, as CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/): the packages of the lock
 * file that it reaches, with the checksums of their archives, and Deno itself.
 */
import type { Package } from "./packages.ts";

/** What is described. */
export interface Described {
  readonly version: string;
  readonly commit: string;
  /** Of the commit, so that the same one gives the same document. */
  readonly time: Date;
  readonly denoVersion: string;
  readonly packages: readonly Package[];
}

export interface Component {
  readonly type: "application" | "library" | "platform";
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses?: readonly (
    | { readonly license: { readonly id: string } }
    | { readonly expression: string }
  )[];
}

export interface Sbom {
  readonly $schema: string;
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: number;
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const NAME = "processing-service";

export async function sbomOf(described: Described): Promise<Sbom> {
  const { version, commit, time, packages } = described;
  const service: Component = {
    type: "application",
    "bom-ref": `pkg:generic/${NAME}@${version}`,
    name: NAME,
    version,
    purl: `pkg:generic/${NAME}@${version}`,
  };
  const deno = runtime(described.denoVersion);
  const needed = new Set(packages.flatMap(({ dependencies }) => dependencies));
  const direct = packages.filter((each) => !needed.has(`${each.name}@${each.version}`)).map(purl);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: await serialNumber(`${NAME} ${version} ${commit}`),
    version: 1,
    metadata: { timestamp: time.toISOString(), component: service },
    components: [deno, ...packages.map(component)],
    dependencies: [
      { ref: service["bom-ref"], dependsOn: [deno["bom-ref"], ...direct] },
      { ref: deno["bom-ref"], dependsOn: [] },
      ...packages.map((each) => ({ ref: purl(each), dependsOn: each.dependencies.map(purlOfId) })),
    ],
  };
}

function runtime(version: string): Component {
  const ref = `pkg:github/denoland/deno@v${version}`;
  return {
    type: "platform",
    "bom-ref": ref,
    name: "deno",
    version,
    purl: ref,
    licenses: [{ license: { id: "MIT" } }],
  };
}

function component(each: Package): Component {
  const [group, name = each.name] = each.name.startsWith("@") ? each.name.split("/") : [];
  return {
    type: "library",
    "bom-ref": purl(each),
    ...(group === undefined ? {} : { group }),
    name,
    version: each.version,
    purl: purl(each),
    hashes: [{ alg: "SHA-512", content: hexOf(each.sha512) }],
    ...(each.license === null ? {} : { licenses: [licenseOf(each.license)] }),
  };
}

function licenseOf(license: string) {
  return /^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license };
}

function purl({ name, version }: Pick<Package, "name" | "version">): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function purlOfId(id: string): string {
  const split = id.lastIndexOf("@");
  return purl({ name: id.slice(0, split), version: id.slice(split + 1) });
}

function hexOf(base64: string): string {
  return hex([...atob(base64)].map((character) => character.charCodeAt(0)));
}

function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A UUID of one's own making (version 8 of RFC 9562), always the same for the same text. */
async function serialNumber(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const bytes = new Uint8Array(digest).slice(0, 16);
  bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x80;
  bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
  return `urn:uuid:${hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
}
