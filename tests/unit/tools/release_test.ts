import assert from "node:assert/strict";
import { z } from "zod";
import { releaseProblems } from "../../../tools/release.ts";
import { packagesInExecutable } from "../../../tools/release/packages.ts";
import { sbomOf } from "../../../tools/release/sbom.ts";
import { changesOf, licenses, releaseNotes, UNRELEASED } from "../../../tools/release/texts.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const LOCK = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
const packages = await packagesInExecutable(ROOT);
const described = {
  version: "1.2.3",
  commit: "404012023891925c06b8498d182f58c40444e343",
  time: new Date("2026-11-24T16:00:00Z"),
  denoVersion: "2.9.6",
  packages,
};

/** What bom-1.6.schema.json requires of what is used here, and forbids beside. */
const COMPONENT = z.strictObject({
  type: z.enum(["application", "library", "platform"]),
  "bom-ref": z.string().min(1),
  group: z.string().optional(),
  name: z.string().min(1),
  version: z.string().max(1024),
  purl: z.string().regex(/^pkg:[a-z]+\/[\w.%/-]+@[\w.+-]+$/),
  hashes: z.array(z.strictObject({
    alg: z.literal("SHA-512"),
    content: z.string().regex(/^[a-f0-9]{128}$/),
  })).optional(),
  licenses: z.array(z.union([
    z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[\w.+-]+$/) }) }),
    z.strictObject({ expression: z.string() }),
  ])).optional(),
});
const SBOM = z.strictObject({
  $schema: z.literal("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.6"),
  serialNumber: z.string().regex(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  ),
  version: z.int().min(1),
  metadata: z.strictObject({ timestamp: z.iso.datetime(), component: COMPONENT }),
  components: z.array(COMPONENT).min(1),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

Deno.test("packagesInExecutable() finds what main.ts reaches, and nothing of tests", () => {
  const names = packages.map(({ name }) => name);
  for (const name of ["kafkajs", "zod", "@logtape/logtape", "snappyjs"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["playwright-core", "axe-core", "yaml"]) {
    assert.ok(!names.includes(name), name);
  }
});

Deno.test("sbomOf() is what CycloneDX 1.6 requires, with each package, its checksum and licence", async () => {
  const sbom = await sbomOf(described);
  SBOM.parse(JSON.parse(JSON.stringify(sbom)));
  assert.equal(sbom.components.length, packages.length + 1);
  const deno = sbom.components.filter(({ type }) => type === "platform");
  assert.deepEqual(deno.map(({ name, version }) => [name, version]), [["deno", "2.9.6"]]);
  for (const { name, group, version, hashes, licenses } of sbom.components.slice(1)) {
    const id = `${group === undefined ? "" : `${group}/`}${name}@${version}`;
    const base64 = String(LOCK.npm[id].integrity).replace("sha512-", "");
    assert.equal(hashes?.[0]?.content, Uint8Array.fromBase64(base64).toHex(), id);
    assert.equal(licenses?.length, 1, id);
  }
});

Deno.test("sbomOf() refers to components that are there, each once, and hangs all on the service", async () => {
  const sbom = await sbomOf(described);
  const refs = [sbom.metadata.component, ...sbom.components].map((each) => each["bom-ref"]);
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(sbom.dependencies.map(({ ref }) => ref).sort(), [...refs].sort());
  const reached = new Set([refs[0]]);
  for (const ref of reached) {
    for (const each of sbom.dependencies.find((entry) => entry.ref === ref)?.dependsOn ?? []) {
      assert.ok(refs.includes(each), each);
      reached.add(each);
    }
  }
  assert.equal(reached.size, refs.length);
});

Deno.test("sbomOf() is the same for the same commit, and another for another", async () => {
  const first = await sbomOf(described);
  assert.deepEqual(await sbomOf(described), first);
  assert.notEqual((await sbomOf({ ...described, commit: "f" })).serialNumber, first.serialNumber);
});

Deno.test("changesOf() takes the part under a heading, and knows when there is nothing", async () => {
  const text =
    "# Log\n\n## Unreleased\n\n## 1.1.0 - 2026-11-24\n\n### Added\n\n- a\n\n## 1.0.0\n\n- b\n";
  assert.equal(changesOf(text, "1.1.0"), "### Added\n\n- a");
  assert.equal(changesOf(text, "1.0.0"), "- b");
  assert.equal(changesOf(text, UNRELEASED), null);
  assert.equal(changesOf(text, "1.1"), null);
  const own = await Deno.readTextFile(`${ROOT}CHANGELOG.md`);
  assert.ok(changesOf(own, UNRELEASED) !== null);
});

Deno.test("releaseNotes() says of each executable whether it was run", () => {
  const executables = [
    { name: "processing-service-linux-x64", version: "1.2.3 (commit 4)" },
    { name: "processing-service-macos-x64", version: null },
  ];
  const notes = releaseNotes("- a", { executables, commit: "4" });
  assert.match(notes, /^- a\n/);
  assert.match(notes, /`processing-service-linux-x64` \| built, and tested as a whole \|/);
  assert.match(notes, /`processing-service-macos-x64` \| built only \|/);
});

Deno.test("licenses() holds the text of every licence that is in a package", () => {
  const text = licenses(packages);
  for (const { name, version, licenseText } of packages) {
    assert.ok(text.includes(`${name} ${version}: `), name);
    if (licenseText !== null) assert.ok(text.includes(licenseText.trim()), name);
  }
});

Deno.test("releaseProblems() refuses what is not committed, tagged, told, tested, or has a runtime of its own", () => {
  const good = {
    version: "1.2.3",
    changelog: "## 1.2.3 - 2026-11-24\n\n- a\n",
    changed: [],
    tags: ["v1.2.3"],
    hasOwnRuntime: false,
    isTested: true,
  };
  assert.deepEqual(releaseProblems(good), []);
  const bad = [
    { changed: [" M main.ts"] },
    { tags: ["v1.2.2"] },
    { changelog: "## Unreleased\n\n- a\n" },
    { hasOwnRuntime: true },
    { isTested: false },
  ];
  for (const each of bad) {
    assert.equal(releaseProblems({ ...good, ...each }).length, 1, JSON.stringify(each));
  }
});
