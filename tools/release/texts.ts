/** What people read of a release: its notes, and the licences of what is in it. */
import type { Executable } from "../compile.ts";
import { SUMS_FILE } from "../compile/sums.ts";
import type { Package } from "./packages.ts";

/** The heading of what is not released yet. */
export const UNRELEASED = "Unreleased";

/** The part of CHANGELOG.md under that heading; null when there is none, or nothing in it. */
export function changesOf(changelog: string, heading: string): string | null {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => {
    const title = each.slice(0, each.indexOf("\n")).trim();
    return title === heading || title.startsWith(`${heading} - `);
  });
  const text = section?.slice(section.indexOf("\n")).trim();
  return text ? text : null;
}

/** In Markdown: what is new, and which files there are. */
export function releaseNotes(
  changes: string,
  { executables, commit }: {
    readonly executables: readonly Executable[];
    readonly commit: string;
  },
): string {
  const rows = executables.map(({ name, version }) =>
    `| \`${name}\` | ${version === null ? "built only" : "built, and tested as a whole"} |`
  );
  return [
    changes,
    "",
    "### Files",
    "",
    `Of commit ${commit}. \`sha256sum -c --ignore-missing ${SUMS_FILE}\` checks what was downloaded.`,
    "",
    "| executable | what was done with it |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** The licences of all packages, one after the other. */
export function licenses(packages: readonly Package[]): string {
  return packages.map(({ name, version, license, licenseText }) =>
    [
      `${name} ${version}: ${license ?? "see its repository"}`,
      ...licenseText === null ? [] : ["", licenseText.trim()],
      "",
    ].join("\n")
  ).join(`\n${"-".repeat(80)}\n\n`);
}
