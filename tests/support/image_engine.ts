/**
 * Builds the image and runs it: by Docker where it is there, else by buildah and podman, on stand-ins for the base images, as
 * these come from registries of images. The Dockerfile is the same, unchanged.
 */
import { cacheDirectory } from "./cache.ts";
import { commandExists, run, runForResult, succeeds } from "./command.ts";
import { standInMissing, standInRuntime } from "./stand_in_runtime.ts";

export interface ImageEngine {
  /** For people. */
  readonly description: string;
  /** Builds the image of the repository. Answers its name. */
  build(commit: string): Promise<string>;
  /** Runs `docker ARGS` or the like, and answers what it prints. */
  do(args: readonly string[]): Promise<string>;
  /** As `do`, and answers the exit code. */
  tryTo(args: readonly string[]): Promise<number>;
  /** What `run` needs here beside what it needs everywhere. */
  readonly runFlags: readonly string[];
}

const ROOT = new URL("../../", import.meta.url).pathname;
const IMAGE = "localhost/processing-service:test";
const FINAL_IMAGE = "gcr.io/distroless/cc-debian12:nonroot";
const STAND_IN_DENO = "2.8.3";
const NEEDED = ["buildah", "podman", "runc", "apt-get", "dpkg-deb"];
const PROBE_DEADLINE_MS = 20_000;
const BUILD_DEADLINE_MS = 600_000;
const DEADLINE_MS = 60_000;

/** An engine, or why there is none, as a phrase. */
export async function findImageEngine(): Promise<ImageEngine | string> {
  if (await commandExists("docker") && await succeeds(["docker", "info"], PROBE_DEADLINE_MS)) {
    return docker();
  }
  for (const program of NEEDED) {
    if (!await commandExists(program)) return `no Docker, and no ${program} to do without`;
  }
  if (Deno.uid() !== 0) return "no Docker, and not root to do without";
  return await standInMissing() ?? podman();
}

function docker(): ImageEngine {
  return {
    ...engine("Docker", ["docker"]),
    async build(commit) {
      const args = ["build", "--build-arg", `REVISION=${commit}`, "-t", IMAGE, ROOT];
      await run(["docker", ...args], { deadlineMs: BUILD_DEADLINE_MS });
      return IMAGE;
    },
    runFlags: [],
  };
}

async function podman(): Promise<ImageEngine> {
  const storage = `${cacheDirectory()}/containers`;
  await Deno.mkdir(storage, { recursive: true });
  const driver = await storageDriver(storage);
  const place = ["--storage-driver", driver, "--root", `${storage}/images`];
  const shared = [...place, "--runroot", `${storage}/run`];
  const runtime = ["--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"];
  return {
    ...engine("podman, on stand-ins for the base images", ["podman", ...shared, ...runtime]),
    async build(commit) {
      await makeBaseImages(storage, driver);
      const flags = ["--quiet", "--isolation", "chroot", "--pull-never", "--format", "docker"];
      const versions = { DENO_VERSION: STAND_IN_DENO, REVISION: commit };
      const args = Object.entries(versions).flatMap((each) => ["--build-arg", each.join("=")]);
      const command = ["buildah", ...shared, "bud", ...flags, "--layers", ...args];
      await run([...command, "-t", IMAGE, ROOT], { deadlineMs: BUILD_DEADLINE_MS });
      return IMAGE;
    },
    // The defaults are above what may be had without the right to raise limits.
    runFlags: ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096", "--no-healthcheck"],
  };
}

function engine(
  description: string,
  command: readonly string[],
): Pick<ImageEngine, "description" | "do" | "tryTo"> {
  const options = { deadlineMs: DEADLINE_MS };
  return {
    description,
    do: (args) => run([...command, ...args], options),
    tryTo: async (args) => (await runForResult([...command, ...args], options)).code,
  };
}

async function makeBaseImages(storage: string, driver: string): Promise<void> {
  const { deno, denort } = await standInRuntime();
  const script = `${ROOT}tests/support/stand_in_images.sh`;
  const images = [`docker.io/denoland/deno:${STAND_IN_DENO}`, FINAL_IMAGE];
  await run(["sh", script, storage, driver, deno, denort, ...images], {
    deadlineMs: BUILD_DEADLINE_MS,
  });
}

/** `overlay` where the kernel lets us: the other one copies every layer. */
async function storageDriver(storage: string): Promise<string> {
  const base = await Deno.makeTempDir({ dir: storage });
  try {
    for (const each of ["lower", "upper", "work", "all"]) await Deno.mkdir(`${base}/${each}`);
    const layers = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work`;
    const mount = ["mount", "-t", "overlay", "overlay", "-o", layers, `${base}/all`];
    if (!await succeeds(mount, PROBE_DEADLINE_MS)) return "vfs";
    await run(["umount", `${base}/all`], { deadlineMs: PROBE_DEADLINE_MS });
    return "overlay";
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}
