/**
 * The formats of an event's texts, each as its definition and as a quick look. A quick look says yes only where the
 * definition does, and knows the usual shapes alone: what it does not know is for the definition to say.
 */

/** Any version and variant: what the ids are for needs the shape alone, and hand-made ones are common in test data. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** RFC 3339 5.6: seconds and an offset are required, `t` and `z` may be small, a leap second is a second. */
const RFC_3339 =
  /^\d{4}-(\d\d)-(\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const UUID_LENGTH = 36;
const HYPHEN = 0x2d;
/** 1 at the codes of hexadecimal digits. */
const HEX_DIGITS = new Uint8Array(128);
for (const digit of "0123456789abcdefABCDEF") HEX_DIGITS[digit.charCodeAt(0)] = 1;
/** In UTC, on a day that every month has. */
const QUICK_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;
/**
 * Letters, digits and single hyphens in the host, a last label of letters alone: no address, no punycode, nothing that
 * the URL standard would change or look at twice.
 */
const QUICK_URL =
  /^https?:\/\/(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*[a-z]+(?::\d{1,4})?(?:[/?#][\w\-.~%!$&'()*+,;=:@/?#]*)?$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export function isRfc3339(text: string): boolean {
  const match = RFC_3339.exec(text);
  if (match === null) return false;
  const [, month, day] = match;
  const days = DAYS_IN_MONTH[Number(month) - 1];
  if (days === undefined || Number(day) < 1 || Number(day) > days) return false;
  return month !== "02" || day !== "29" || isLeapYear(Number(text.slice(0, 4)));
}

/** Absolute, by the URL standard. */
export function isUrl(text: string): boolean {
  return URL.canParse(text);
}

/** Answers what `isUuid` does. */
export function isUuidQuickly(text: string): boolean {
  if (text.length !== UUID_LENGTH) return false;
  for (let at = 0; at < UUID_LENGTH; at++) {
    const code = text.charCodeAt(at);
    const fits = isHyphenAt(at) ? code === HYPHEN : HEX_DIGITS[code] === 1;
    if (!fits) return false;
  }
  return true;
}

/** Answers what `isRfc3339` does. */
export function isRfc3339Quickly(text: string): boolean {
  return QUICK_TIME.test(text) || isRfc3339(text);
}

/** Answers what `isUrl` does. */
export function isUrlQuickly(text: string): boolean {
  return QUICK_URL.test(text) || isUrl(text);
}

function isHyphenAt(at: number): boolean {
  return at === 8 || at === 13 || at === 18 || at === 23;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
