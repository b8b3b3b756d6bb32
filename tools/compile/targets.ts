/** The platforms that there is an executable for, by the names that people call them. */

export interface Target {
  /** `linux-x64`; part of the file's name. */
  readonly name: string;
  /** What `deno compile --target` calls it. */
  readonly triple: string;
  readonly os: typeof Deno.build.os;
  readonly arch: typeof Deno.build.arch;
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", triple: "x86_64-unknown-linux-gnu", os: "linux", arch: "x86_64" },
  { name: "linux-arm64", triple: "aarch64-unknown-linux-gnu", os: "linux", arch: "aarch64" },
  { name: "macos-x64", triple: "x86_64-apple-darwin", os: "darwin", arch: "x86_64" },
  { name: "macos-arm64", triple: "aarch64-apple-darwin", os: "darwin", arch: "aarch64" },
  { name: "windows-x64", triple: "x86_64-pc-windows-msvc", os: "windows", arch: "x86_64" },
];

/** That of this machine; null where Deno itself runs, but there is no executable for it. */
export function ownTarget(): Target | null {
  const { os, arch } = Deno.build;
  return TARGETS.find((target) => target.os === os && target.arch === arch) ?? null;
}

/** @throws Error that names the known ones */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((each) => each.name === name || each.triple === name);
  if (target !== undefined) return target;
  const known = TARGETS.map(({ name }) => name).join(", ");
  throw new Error(`Choose one of ${known} as --target: ${name}`);
}

/** `processing-service-linux-x64`; without a target as it is called on this machine, `processing-service`. */
export function executableName(
  target: Target | null,
  { otel }: { readonly otel: boolean },
): string {
  const parts = ["processing-service", ...otel ? ["otel"] : [], ...target ? [target.name] : []];
  const isWindows = (target?.os ?? Deno.build.os) === "windows";
  return `${parts.join("-")}${isWindows ? ".exe" : ""}`;
}
