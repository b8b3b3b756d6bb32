/** What the executable does to the machine in a whole life: it reads some files, and that is all. */
import assert from "node:assert/strict";
import { liveBusily } from "../support/busy_life.ts";
import { compiledTest, EXECUTABLE } from "../support/compiled.ts";
import { readCalls, straceCommand, straceMissing, type SystemCall } from "../support/strace.ts";

/** Calls that change files, whatever their arguments are. */
const CHANGING =
  /^(?:creat|f?truncate(?:64)?|fallocate|(?:un)?link(?:at)?|symlink(?:at)?|rename(?:at2?)?|mkdir(?:at)?|rmdir|mknod(?:at)?|f?chmod(?:at)?|[fl]?chown(?:at)?|utime\w*|setxattr|mount|umount2?|chroot)$/;
const OPEN = /^open(?:at2?)?$/;
const FOR_WRITING = /\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b/;
/** Libraries, what the runtime asks the kernel about, names of hosts, time, certificates; and settings. */
const READABLE = [
  /^\/(?:usr\/)?lib(?:64)?\//,
  /^\/(?:proc|sys)\//,
  /^\/dev\/u?random$/,
  /^\/etc\/(?:ld\.so\.(?:cache|preload)|localtime|resolv\.conf|hosts|nsswitch\.conf|host\.conf|gai\.conf|ssl\/)/,
  /^\/usr\/share\/zoneinfo\//,
  /\/\.env$/,
];

compiledTest(
  "in a whole life the executable writes no file, starts no program, and reads only what it must",
  await straceMissing(),
  async () => {
    const output = await Deno.makeTempFile();
    try {
      await liveBusily(straceCommand([EXECUTABLE], output));
      const calls = readCalls(await Deno.readTextFile(output));
      assert.deepEqual(shown(calls.filter(({ name }) => name.startsWith("execve"))), [
        `execve ${EXECUTABLE}`,
      ]);
      assert.deepEqual(shown(calls.filter(({ name }) => CHANGING.test(name))), []);
      const opened = calls.filter(({ name }) => OPEN.test(name));
      assert.ok(opened.length > 10, "opened files are not found any more");
      assert.deepEqual(shown(opened.filter(({ args }) => FOR_WRITING.test(args))), []);
      assert.deepEqual(shown(opened.filter((call) => !isReadable(call))), []);
      const made = calls.filter(({ name }) => /^(?:v?fork|clone3?)$/.test(name));
      assert.deepEqual(shown(made.filter(({ args }) => !args.includes("CLONE_THREAD"))), []);
    } finally {
      await Deno.remove(output);
    }
  },
);

function isReadable({ path }: SystemCall): boolean {
  return path === EXECUTABLE || READABLE.some((each) => each.test(path ?? ""));
}

function shown(calls: readonly SystemCall[]): readonly string[] {
  return calls.map(({ name, path, args }) => `${name} ${path ?? args}`);
}
