import assert from "node:assert/strict";
import { readCalls } from "../../support/strace.ts";

Deno.test("readCalls() reads calls with their paths, those in two parts too, and leaves out what failed", () => {
  const text = [
    '7 execve("/bin/x", ["/bin/x", "run"], 0x7ffd /* 3 vars */) = 0',
    '7 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC <unfinished ...>',
    "8 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f} => {parent_tid=[9]}, 88) = 9",
    "7 <... openat resumed>) = 3",
    '8 openat(AT_FDCWD, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)',
    "8 exit_group(0) = ?",
  ].join("\n");
  assert.deepEqual(readCalls(text).map(({ name, path }) => [name, path]), [
    ["execve", "/bin/x"],
    ["clone3", null],
    ["openat", "/etc/hosts"],
  ]);
});
