/**
 * A copy of all that goes into an executable. Deno stores the time of each file beside its content, so a copy in which
 * every file has the same one gives the same executable on every machine.
 */
/** The commit that main.ts finds in the executable; not in the sources, as it says what they are. */
export const COMMIT_FILE = "commit.txt";

/** What the service is made of. Folders with all that is in them. */
const SOURCES = ["deno.json", "deno.lock", "main.ts", "src"];
/**
 * What a program can need of a package. The rest is not only weight: Deno tries to read it as JavaScript, and stores
 * its complaint, with the path of the copy.
 */
const NEEDED = /\.(?:[cm]?js|json|wasm)$/;
const FILE_TIME = new Date("1980-01-01T00:00:00Z");

/** Where to compile, and what to compile with. */
export interface Stage extends AsyncDisposable {
  readonly directory: string;
  /** For DENO_DIR: the packages, and what the usual one has of runtime parts. */
  readonly denoDirectory: string;
}

/** What `deno info --json` says of a module graph, as far as it is needed. */
interface ModuleGraph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<
    Record<string, { readonly localPath: string; readonly dependencies: readonly string[] }>
  >;
}

/** Copies the sources under `root`, and the packages of the lock file. Disposing it deletes the copy. */
export async function stage(root: string, commit: string): Promise<Stage> {
  const base = await Deno.makeTempDir({ prefix: "processing-service-compile-" });
  const directory = `${base}/processing-service`;
  const denoDirectory = `${base}/deno`;
  const disposable = { [Symbol.asyncDispose]: () => Deno.remove(base, { recursive: true }) };
  try {
    await Deno.mkdir(directory);
    for (const source of SOURCES) await copy(`${root}/${source}`, `${directory}/${source}`);
    await write(`${directory}/${COMMIT_FILE}`, `${commit}\n`);
    await copyPackages(root, denoDirectory);
    return { directory, denoDirectory, ...disposable };
  } catch (error) {
    await disposable[Symbol.asyncDispose]();
    throw error;
  }
}

async function copyPackages(root: string, denoDirectory: string): Promise<void> {
  const { denoDir, npmCache } = await info<{ denoDir: string; npmCache: string }>(root, []);
  // Those that are not there yet are downloaded by it.
  const graph = await info<ModuleGraph>(root, ["main.ts"]);
  const cache = await Deno.realPath(npmCache);
  const reached = reachedPackages(graph);
  for (const [id, { localPath }] of Object.entries(graph.npmPackages)) {
    const place = `${denoDirectory}/npm/${localPath.slice(cache.length + 1)}`;
    if (reached.has(id)) await copy(localPath, place, NEEDED);
    // Not in the executable, but Deno downloads it where it is not there.
    else await link(localPath, place);
  }
  const downloads = `${denoDir}/dl`;
  await Deno.mkdir(downloads, { recursive: true });
  await link(downloads, `${denoDirectory}/dl`);
}

/** Those that main.ts reaches, with all that they need themselves. */
function reachedPackages({ modules, npmPackages }: ModuleGraph): ReadonlySet<string> {
  const reached = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  for (const id of reached) {
    for (const each of npmPackages[id]?.dependencies ?? []) reached.add(each);
  }
  return reached;
}

async function link(from: string, to: string): Promise<void> {
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.symlink(from, to, { type: "junction" });
}

async function info<T>(root: string, args: readonly string[]): Promise<T> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...args],
    cwd: root,
    stdin: "null",
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Cannot tell which packages are needed: deno info ${args}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A file, or a folder with those of its files whose names fit `needed`. */
async function copy(from: string, to: string, needed: RegExp = /(?:)/): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await write(to, await Deno.readFile(from));
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory || needed.test(name)) await copy(`${from}/${name}`, `${to}/${name}`, needed);
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  await Deno.utime(path, FILE_TIME, FILE_TIME);
}
