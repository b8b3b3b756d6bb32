/**
 * Ways to start the executable as a container engine or a careful administrator does: PID 1, a read-only root, no rights,
 * bounded memory. Each says whether this machine permits it.
 */
import { commandExists, succeeds } from "./command.ts";
import { EXECUTABLE } from "./compiled.ts";

const PROBE_DEADLINE_MS = 20_000;
const PROBE_LIMIT_BYTES = 64 * 1024 * 1024;
/** That of `nonroot` in distroless. */
export const NOBODY_ID = 65532;
const NAMESPACES = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
/** The folder of the executable, as its own may be closed to others. */
const INSIDE = "/mnt";
const HOME_VARIABLES = ["HOME", "TMPDIR", "DENO_DIR", "XDG_CACHE_HOME", "LANG"];
const UNPRIVILEGED = [
  "setpriv",
  ...[`--reuid=${NOBODY_ID}`, `--regid=${NOBODY_ID}`, "--clear-groups"],
  ...["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"],
];

/** Why namespaces cannot be had, as a phrase; null when they can. */
export async function namespacesMissing(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "no namespaces but on Linux";
  for (const program of ["unshare", "setpriv"]) {
    if (!await commandExists(program)) return `no ${program} on this machine`;
  }
  const probe = ["unshare", ...NAMESPACES, ...UNPRIVILEGED, "true"];
  return await succeeds(probe, PROBE_DEADLINE_MS) ? null : "no right to make namespaces";
}

/**
 * The command that starts the executable as PID 1, as a user without rights, where nothing can be written, without
 * HOME and TMPDIR.
 */
export function containedCommand(): readonly string[] {
  const script = `
    mount --make-rprivate /
    mount --bind "$1" ${INSIDE}
    shift
    cut -d ' ' -f 2 /proc/mounts | while read -r place; do
      mount -o remount,bind,ro "$place" 2>/dev/null
    done
    cd /
    exec ${UNPRIVILEGED.join(" ")} env ${HOME_VARIABLES.map((name) => `-u ${name}`).join(" ")} \\
      ${INSIDE}/${basename(EXECUTABLE)} "$@"`;
  return inNamespaces(script);
}

/** The command that starts the executable with its standard output on a disk of so many bytes. */
export function smallDiskCommand(bytes: number): readonly string[] {
  const script = `
    mount --make-rprivate /
    mount -t tmpfs -o size=${bytes} none ${INSIDE}
    shift
    exec "${EXECUTABLE}" "$@" >> ${INSIDE}/log`;
  return inNamespaces(script);
}

/** Where the log of `smallDiskCommand` is, seen from outside. */
export function smallDiskLog(pid: number): string {
  return `/proc/${pid}/root${INSIDE}/log`;
}

/** The process that runs as PID 1 in the namespace that `unshare` made. */
export async function firstProcess(unsharePid: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${unsharePid}/task/${unsharePid}/children`);
  const pid = Number(children.trim().split(" ")[0]);
  if (!(pid > 0)) throw new Error(`unshare has no child: ${unsharePid}`);
  return pid;
}

/** A control group that bounds memory. Disposing it removes it; all its processes must have ended. */
export interface MemoryLimit extends AsyncDisposable {
  /** Starts the executable in it. */
  readonly command: readonly string[];
  /** The most that was in use at once, in bytes. */
  peakBytes(): Promise<number>;
}

/** Null where none can be made. */
export async function limitMemory(bytes: number): Promise<MemoryLimit | null> {
  for (const parent of await memoryControllers()) {
    const directory = `${parent}/processing-service-test-${crypto.randomUUID().slice(0, 8)}`;
    try {
      await Deno.mkdir(directory);
    } catch {
      continue;
    }
    const files = await limitFiles(directory, bytes);
    if (files !== null) return memoryLimitIn(directory, files.peak);
    await Deno.remove(directory);
  }
  return null;
}

/** Why memory cannot be bounded, as a phrase; null when it can. */
export async function memoryLimitMissing(): Promise<string | null> {
  const limit = await limitMemory(PROBE_LIMIT_BYTES);
  await limit?.[Symbol.asyncDispose]();
  return limit === null ? "no right to make a control group for memory" : null;
}

function memoryLimitIn(directory: string, peak: string): MemoryLimit {
  const join = 'echo $$ > "$0" && exec "$@"';
  return {
    command: ["sh", "-c", join, `${directory}/cgroup.procs`, EXECUTABLE],
    async peakBytes() {
      return Number(await Deno.readTextFile(`${directory}/${peak}`));
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory),
  };
}

/** Sets the limit, in the first or the second version of control groups. */
async function limitFiles(
  directory: string,
  bytes: number,
): Promise<{ readonly peak: string } | null> {
  const versions = [
    { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" },
    { limit: "memory.max", peak: "memory.peak" },
  ];
  for (const { limit, peak } of versions) {
    try {
      await Deno.writeTextFile(`${directory}/${limit}`, String(bytes), { create: false });
      await Deno.stat(`${directory}/${peak}`);
      return { peak };
    } catch {
      // The other version, or not permitted.
    }
  }
  return null;
}

/** Folders in which a group may be made: that of this process first. */
async function memoryControllers(): Promise<readonly string[]> {
  let own: string;
  try {
    own = await Deno.readTextFile("/proc/self/cgroup");
  } catch {
    return [];
  }
  const [, first] = /^\d+:memory:(.*)$/m.exec(own) ?? [];
  const [, second] = /^0::(.*)$/m.exec(own) ?? [];
  return [
    ...first === undefined ? [] : [`/sys/fs/cgroup/memory${first}`, "/sys/fs/cgroup/memory"],
    ...second === undefined ? [] : [`/sys/fs/cgroup${second}`, "/sys/fs/cgroup"],
  ];
}

function inNamespaces(script: string): readonly string[] {
  return ["unshare", ...NAMESPACES, "sh", "-c", script, "sh", dirname(EXECUTABLE)];
}

function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
