/** Which sockets a process holds open: whether connections were kept or made anew, as seen from outside. */

/** Names of the sockets, each used once only. Null where the system does not tell: only Linux does. */
export async function openSockets(pid: number): Promise<readonly string[] | null> {
  if (Deno.build.os !== "linux") return null;
  const directory = `/proc/${pid}/fd`;
  const targets: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    targets.push(await Deno.readLink(`${directory}/${name}`).catch(() => "closed meanwhile"));
  }
  return targets.filter((target) => target.startsWith("socket:")).sort();
}
