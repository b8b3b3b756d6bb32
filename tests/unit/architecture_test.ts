/**
 * docs/architecture.md lists every file of src/ and nothing that is gone, the tests that it quotes exist, and links
 * between documents lead somewhere.
 */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const ARCHITECTURE = await read("docs/architecture.md");
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...await filesUnder("docs/", ".md"),
];

Deno.test("docs/architecture.md lists each file of src/ once, in a line", async () => {
  const listed = listedFiles(ARCHITECTURE);
  const files = await filesUnder("src/", ".ts");
  assert.deepEqual(files.filter((file) => !listed.includes(file)), [], "not listed yet");
  assert.deepEqual(listed.filter((file) => !files.includes(file)), [], "listed, but gone");
  assert.equal(new Set(listed).size, listed.length, "listed twice");
});

Deno.test("listedFiles() reads the folder from the heading", () => {
  const text =
    "### `src/kafka/`: the edge\n\n- `lease.ts`: until when\n\n### Elsewhere\n\n- `main.ts`: in";
  assert.deepEqual(listedFiles(text), ["src/kafka/lease.ts"]);
});

Deno.test("Every file that a document names exists", async () => {
  const missing: string[] = [];
  for (const document of DOCUMENTS) {
    const named = (await read(document)).matchAll(/`((?:src|tests|tools|docs)\/[\w./-]+\.\w+)`/g);
    for (const [, path = ""] of named) {
      if (!await exists(path)) missing.push(`${document}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("docs/architecture.md: the picture names files that exist", async () => {
  const [, picture = ""] = /```\n(Kafka[^`]+)```/.exec(ARCHITECTURE) ?? [];
  const named = [...picture.matchAll(/\b(?:kafka|processing|handlers)\/\w+\.ts/g)];
  assert.ok(named.length > 8, "the picture is gone");
  for (const [path] of named) assert.ok(await exists(`src/${path}`), path);
});

Deno.test("docs/architecture.md quotes tests by the names that they have", async () => {
  const quotes = [...ARCHITECTURE.matchAll(/`(tests\/[\w/]+_test\.ts)`: "([^"]+)"/g)];
  assert.ok(quotes.length > 15, "quotes are not found any more");
  for (const [, path = "", name = ""] of quotes) {
    assert.ok((await read(path)).includes(name), `${path} has no test any more called: ${name}`);
  }
});

Deno.test("Links between documents lead somewhere", async () => {
  const dead: string[] = [];
  for (const document of DOCUMENTS) {
    for (const [, target = ""] of (await read(document)).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = new URL(target, new URL(document, ROOT)).href.slice(ROOT.href.length);
      if (!await exists(path)) dead.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(dead, []);
});

/** The files in the list, each under the folder of its heading. */
function listedFiles(text: string): string[] {
  const files: string[] = [];
  let folder: string | null = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) folder = /^### `(src\/[^`]*)`/.exec(line)?.[1] ?? null;
    const name = /^- `([^`]+)`: /.exec(line)?.[1];
    if (folder !== null && name !== undefined) files.push(folder + name);
  }
  return files;
}

async function filesUnder(folder: string, ending: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = folder + entry.name;
    if (entry.isDirectory) files.push(...await filesUnder(`${path}/`, ending));
    else if (path.endsWith(ending)) files.push(path);
  }
  return files;
}

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}
