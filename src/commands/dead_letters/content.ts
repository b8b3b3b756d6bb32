/** Keys, values and headers for people: as JSON or text where they are that, else as hexadecimal digits. */
import { plain } from "../../doctor/text.ts";

export interface ShownContent {
  readonly encoding: "none" | "empty" | "json" | "text" | "hex";
  /** Safe for a terminal, except for line breaks. */
  readonly text: string;
  /** How long it really is. */
  readonly bytes: number;
  /** So much of it is shown. */
  readonly isWhole: boolean;
}

const BYTES_MAX = 16_384;
const HEX_BYTES_MAX = 256;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

export function showContent(content: Uint8Array | null, most = BYTES_MAX): ShownContent {
  if (content === null) return { encoding: "none", text: "", bytes: 0, isWhole: true };
  const bytes = content.length;
  if (bytes === 0) return { encoding: "empty", text: "", bytes, isWhole: true };
  let text: string;
  try {
    text = UTF8.decode(content);
  } catch {
    const shown = content.subarray(0, Math.min(most, HEX_BYTES_MAX));
    return { encoding: "hex", text: shown.toHex(), bytes, isWhole: shown.length === bytes };
  }
  const { encoding, pretty } = prettyOf(text);
  const isWhole = pretty.length <= most;
  return { encoding, text: harmless(isWhole ? pretty : pretty.slice(0, most)), bytes, isWhole };
}

/** With a title, and indented. */
export function contentText(
  title: string,
  { encoding, text, bytes, isWhole }: ShownContent,
): readonly string[] {
  if (encoding === "none") return [`${title}: null`];
  if (encoding === "empty") return [`${title}: 0 bytes`];
  const kind = { json: "JSON", text: "text", hex: "not UTF-8, hexadecimal" }[encoding];
  return [
    `${title}, ${bytes.toLocaleString("en-US")} bytes, ${kind}`,
    ...text.split("\n").map((line) => `  ${line}`),
    ...(isWhole ? [] : ["  … --json has all of it"]),
  ];
}

function prettyOf(text: string): { encoding: "json" | "text"; pretty: string } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      return { encoding: "json", pretty: JSON.stringify(parsed, null, 2) };
    }
  } catch {
    // It is text.
  }
  return { encoding: "text", pretty: text };
}

/** What would move a cursor or change a colour becomes a space. */
function harmless(text: string): string {
  return text.split("\n").map(plain).join("\n");
}
