import assert from "node:assert/strict";
import { readJunit } from "../../../tools/junit.ts";

// As Deno 2.9.6 writes it, shortened.
const XML = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="0.008">
    <testsuite name="./a_test.ts" tests="6" disabled="1" errors="0" failures="2">
        <testcase name="ok &lt;a&gt; &amp; &quot;b&quot;" classname="./a_test.ts" time="0.125" line="1" col="6">
        </testcase>
        <testcase name="bad" classname="./a_test.ts" time="0.001" line="2" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="none (ignored: needs Java)" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="ok &lt;a&gt; &amp; &quot;b&quot; &gt; s1" classname="./a_test.ts" time="0.000" line="1" col="50">
        </testcase>
        <testcase name="bad &gt; s3" classname="./a_test.ts" time="0.000" line="2" col="39">
            <failure message="Uncaught Error: x">Error: x &lt;skipped/&gt;</failure>
        </testcase>
        <testcase name="a &gt; b is no step" classname="./a_test.ts" time="0.000" line="9" col="1">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("readJunit() answers each test with its outcome, steps left out", () => {
  const found = readJunit(XML).map(({ name, outcome }) => [name, outcome]);
  assert.deepEqual(found, [
    ['ok <a> & "b"', "passed"],
    ["bad", "failed"],
    ["none (ignored: needs Java)", "skipped"],
    ["a > b is no step", "passed"],
  ]);
});

Deno.test("readJunit() answers file and time", () => {
  const [first] = readJunit(XML);
  assert.equal(first?.file, "./a_test.ts");
  assert.equal(first?.seconds, 0.125);
});
