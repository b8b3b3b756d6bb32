/** Filebeat, where it can be had: `FILEBEAT` names the executable, or it is on the PATH. */

/** What Filebeat makes of a line: the fields of one document. */
export type Document = Readonly<Record<string, unknown>>;

/** The executable; null where there is none. */
export function findFilebeat(): string | null {
  const named = Deno.env.get("FILEBEAT");
  if (named) return named;
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => `${folder}/filebeat`).find(isFile) ?? null;
}

/** Reads files to their end, with a configuration but for its output, and answers the documents of each line. */
export async function readWithFilebeat(
  filebeat: string,
  { config, logs, documents }: {
    /** Path of the configuration. */
    readonly config: string;
    /** Pattern of the files, for PROCESSING_SERVICE_LOGS. */
    readonly logs: string;
    /** How many to wait for. */
    readonly documents: number;
  },
): Promise<readonly Document[]> {
  const home = await Deno.makeTempDir();
  const child = new Deno.Command(filebeat, {
    args: [
      ...["-e", "-c", config, "--strict.perms=false", "--path.home", home],
      ...["-E", "output.elasticsearch.enabled=false", "-E", "output.console.enabled=true"],
    ],
    env: { PROCESSING_SERVICE_LOGS: logs },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const late = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const problems = new Response(child.stderr).text();
  const found: Document[] = [];
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) found.push(JSON.parse(line));
    if (found.length >= documents) break;
  }
  clearTimeout(late);
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself, and says why.
  }
  await child.status;
  const text = await problems;
  await Deno.remove(home, { recursive: true });
  if (found.length >= documents) return found;
  throw new Error(
    `Filebeat made ${found.length} documents, not ${documents}: ${text.slice(-2_000)}`,
  );
}

const DEADLINE_MS = 30_000;

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
