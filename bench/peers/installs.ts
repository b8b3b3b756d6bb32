/**
 * Installs what peers need, once, from the registry that the machine's own npm, pip and go are set to, into the cache that
 * tests have, too. What cannot be had leaves its peers out, with the reason.
 */
import { cached } from "../../tests/support/cache.ts";
import { commandExists, run } from "../../tests/support/command.ts";
import { versionKey, VERSIONS } from "./versions.ts";

/** A peer cannot run here. The message says why, as a phrase. */
export class PeerMissing extends Error {
  override readonly name = "PeerMissing";
}

const INSTALL_DEADLINE_MS = 900_000;
const ASK_DEADLINE_MS = 20_000;

/** A folder with all npm packages in `node_modules`, and with the peers that use them. */
export async function npmDirectory(): Promise<string> {
  await needsCommand("npm");
  const entry = `bench/npm_${versionKey(VERSIONS.npm)}`;
  const directory = await installed(entry, async (draft) => {
    const manifest = { private: true, type: "module", dependencies: VERSIONS.npm };
    await Deno.writeTextFile(`${draft}/package.json`, JSON.stringify(manifest));
    const npm = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run(npm, { cwd: draft, deadlineMs: INSTALL_DEADLINE_MS });
  });
  // Packages are found from where the script lies.
  const scripts = new URL("./javascript/", import.meta.url);
  for await (const { name } of Deno.readDir(scripts)) {
    await Deno.copyFile(new URL(name, scripts), `${directory}/${name}`);
  }
  return directory;
}

/** Python, and the folder of its packages for PYTHONPATH. */
export async function pythonPackages(): Promise<
  { readonly python: string; readonly packages: string }
> {
  await needsCommand("python3");
  // The program itself: what stands in PATH may be a script that starts it, whose CPU time would count.
  const ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)";
  const answer = await run(["python3", "-c", ask], { deadlineMs: ASK_DEADLINE_MS });
  const [version = "", python = "python3"] = answer.trim().split(" ");
  const packages = Object.entries(VERSIONS.pip).map(([name, wanted]) => `${name}==${wanted}`);
  const entry = `bench/python-${version}_${versionKey(VERSIONS.pip)}`;
  const directory = await installed(entry, async (draft) => {
    const pip = [python, "-m", "pip", "install", "--quiet", "--target", draft];
    await run([...pip, ...packages], { deadlineMs: INSTALL_DEADLINE_MS });
  });
  return { python, packages: directory };
}

/** Builds the peer in Go and answers the file. */
export async function goProgram(): Promise<string> {
  await needsCommand("go");
  const source = await Deno.readTextFile(new URL("./franz_go/main.go", import.meta.url));
  const entry = `bench/go_${versionKey(VERSIONS.go)}_${await digest(source)}`;
  const directory = await installed(entry, async (draft) => {
    const modules = Object.entries(VERSIONS.go).map((module) => `require ${module.join(" ")}\n`);
    await Deno.writeTextFile(`${draft}/go.mod`, `module bench\n\ngo 1.24\n\n${modules.join("")}`);
    await Deno.writeTextFile(`${draft}/main.go`, source);
    for (const command of [["go", "mod", "tidy"], ["go", "build", "-o", "consumer", "."]]) {
      await run(command, { cwd: draft, deadlineMs: INSTALL_DEADLINE_MS });
    }
  });
  return `${directory}/consumer`;
}

/** Builds the peer in C against the librdkafka that comes with confluent-kafka, and answers the file. */
export async function librdkafkaProgram(): Promise<string> {
  await needsCommand("gcc");
  const { packages } = await pythonPackages();
  const libraries = `${packages}/confluent_kafka.libs`;
  const library = await findFile(libraries, /^librdkafka-.*\.so/);
  const source = new URL("./librdkafka/raw.c", import.meta.url);
  const text = await Deno.readTextFile(source);
  const version = VERSIONS.pip["confluent-kafka"];
  const entry = `bench/librdkafka-of-confluent-kafka-${version}_${await digest(text)}`;
  const directory = await installed(entry, async (draft) => {
    const gcc = ["gcc", "-O2", "-o", `${draft}/consumer`, source.pathname];
    await run([...gcc, `${libraries}/${library}`, `-Wl,-rpath,${libraries}`], {
      deadlineMs: INSTALL_DEADLINE_MS,
    });
  });
  return `${directory}/consumer`;
}

/** @throws PeerMissing */
export async function needsCommand(name: string): Promise<void> {
  if (!await commandExists(name)) throw new PeerMissing(`no ${name}`);
}

async function installed(
  entry: string,
  build: (draft: string) => Promise<void>,
): Promise<string> {
  try {
    return await cached(entry, build);
  } catch (error) {
    throw new PeerMissing("its packages cannot be installed", { cause: error });
  }
}

async function findFile(directory: string, name: RegExp): Promise<string> {
  try {
    for await (const entry of Deno.readDir(directory)) if (name.test(entry.name)) return entry.name;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new PeerMissing("confluent-kafka brings no librdkafka here");
}

/** The first digits of a text's hash. */
async function digest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
