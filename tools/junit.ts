/**
 * Reads the JUnit file that `deno test --junit-path` writes. Only what Deno 2.9.6 puts there is understood: steps
 * are further testcases named `test > step`, ignored and filtered-out tests are both `<skipped/>`.
 */

/** One test, its steps included. */
export interface TestCase {
  readonly file: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** What it failed with; empty unless it failed. */
  readonly failure: string;
}

const TEST_CASE = /<testcase\s([^>]*[^/])>([\s\S]*?)<\/testcase>/g;
const FAILURE = /<failure[^>]*>([\s\S]*?)<\/failure>/;

/** The tests of a JUnit file. A step is part of its test and not counted: a test with a failed step has failed. */
export function readJunit(xml: string): readonly TestCase[] {
  const cases = [...xml.matchAll(TEST_CASE)].map(([, attributes = "", body = ""]) => ({
    file: attribute(attributes, "classname"),
    name: attribute(attributes, "name"),
    outcome: outcomeOf(body),
    seconds: Number(attribute(attributes, "time") || 0),
    failure: unescapeXml(FAILURE.exec(body)?.[1] ?? "").trim(),
  }));
  const names = new Set(cases.map(({ file, name }) => `${file}\n${name}`));
  return cases.filter((test) => !isStep(test, names));
}

function isStep({ file, name }: TestCase, names: ReadonlySet<string>): boolean {
  for (let at = name.indexOf(" > "); at !== -1; at = name.indexOf(" > ", at + 1)) {
    if (names.has(`${file}\n${name.slice(0, at)}`)) return true;
  }
  return false;
}

function outcomeOf(body: string): TestCase["outcome"] {
  if (body.includes("<failure")) return "failed";
  return body.includes("<skipped") ? "skipped" : "passed";
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return unescapeXml(value);
}

function unescapeXml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
