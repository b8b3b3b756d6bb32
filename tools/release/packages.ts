/** The packages of the lock file, and which of them are in the executable. */

/** A package as it was downloaded. */
export interface Package {
  /** `@logtape/logtape` */
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its archive, in base64. */
  readonly sha512: string;
  /** What it needs: `name@version`. */
  readonly dependencies: readonly string[];
  /** As its package.json says it; null where it says nothing. */
  readonly license: string | null;
  /** The text of its licence; null where it brings none. */
  readonly licenseText: string | null;
}

interface LockFile {
  readonly npm: Readonly<
    Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>
  >;
}

/** What `deno info --json` says of a module graph, as far as it is needed. */
interface ModuleGraph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
}

const LICENSE_FILE = /^licen[cs]e(?:[.-].*)?$/i;

/** Those that main.ts reaches, by name; the others are for tests and tools. */
export async function packagesInExecutable(root: string): Promise<readonly Package[]> {
  const lock: LockFile = JSON.parse(await Deno.readTextFile(`${root}/deno.lock`));
  const graph = await moduleGraph(root);
  const direct = graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  const packages: Package[] = [];
  for (const id of reachable(lock, direct)) {
    const place = graph.npmPackages[id]?.localPath;
    if (place === undefined) throw new Error(`Cannot find a package of deno.lock: ${id}`);
    const { integrity, dependencies = [] } = lock.npm[id] ?? { integrity: "" };
    const split = id.lastIndexOf("@");
    packages.push({
      name: id.slice(0, split),
      version: id.slice(split + 1),
      sha512: integrity.replace(/^sha512-/, ""),
      dependencies: dependencies.map((each) => resolve(lock, each)),
      ...await licenseIn(place),
    });
  }
  return packages;
}

async function moduleGraph(root: string): Promise<ModuleGraph> {
  const args = ["info", "--json", "main.ts"];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** With all that they need themselves, sorted. */
function reachable(lock: LockFile, direct: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (id: string) => {
    if (found.has(id)) return;
    found.add(id);
    for (const each of lock.npm[id]?.dependencies ?? []) add(resolve(lock, each));
  };
  direct.forEach(add);
  return [...found].sort();
}

/** The lock file leaves the version out where there is one only. */
function resolve(lock: LockFile, name: string): string {
  if (name in lock.npm) return name;
  const id = Object.keys(lock.npm).find((each) => each.slice(0, each.lastIndexOf("@")) === name);
  if (id === undefined) {
    throw new Error(`deno.lock does not hold a package that is needed: ${name}`);
  }
  return id;
}

async function licenseIn(directory: string): Promise<Pick<Package, "license" | "licenseText">> {
  const facts = JSON.parse(await Deno.readTextFile(`${directory}/package.json`));
  const license = typeof facts.license === "string" ? facts.license : null;
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile || !LICENSE_FILE.test(name)) continue;
    return { license, licenseText: await Deno.readTextFile(`${directory}/${name}`) };
  }
  return { license, licenseText: null };
}
