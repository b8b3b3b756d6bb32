/**
 * Looks at one JSON text in WebAssembly's memory against the table of a schema, and notes where each field stands. Says
 * yes only to what is surely valid: UTF-8, JSON, and of the schema; all else is for JSON.parse and the schema itself to
 * judge. Zeros are put behind the text, at which every loop ends: no JSON has one.
 *
 * A table is written by src/processing/scan_table.ts, which knows these layouts. An object: first field, how many, which
 * must be there. A field: 32 bytes of its name with the quote behind it, and what is below.
 */
const FIELD_BYTES: usize = 96;
const NAME_LENGTH: usize = 32;
const KIND: usize = 36;
const OBJECT: usize = 40;
const SLOT: usize = 44;
const BIT: usize = 48;
const FLAGS: usize = 52;
const MIN_LENGTH: usize = 56;
const MAX_LENGTH: usize = 60;
const MINIMUM: usize = 64;
const MAXIMUM: usize = 72;

const NULLABLE: u32 = 1;
const INTEGER: u32 = 2;
const ABOVE_MINIMUM: u32 = 4;
const BELOW_MAXIMUM: u32 = 8;

const KIND_TEXT: u32 = 0;
const KIND_UUID: u32 = 1;
const KIND_TIME: u32 = 2;
const KIND_URL: u32 = 3;
const KIND_NUMBER: u32 = 4;
const KIND_BOOLEAN: u32 = 5;
const KIND_ANYTHING: u32 = 6;
const KIND_FREE_OBJECT: u32 = 7;
const KIND_OBJECT: u32 = 8;

/** A slot: where its value begins and ends, and what else is to be known of it. */
const SLOT_BYTES: usize = 16;
const SLOT_END: usize = 4;
const SLOT_VALUE: usize = 8;
const ABSENT: i32 = -1;
const IS_NULL: i32 = -2;

/** As many as are read at once, and those behind them. */
const ZEROS: usize = 64;

/** What `scan` answers: 0, or these together. */
const UNSURE: u32 = 0;
const VALID: u32 = 1;
const ASCII: u32 = 2;
const USUAL: u32 = 4;

/** All of it inside of JavaScript's safe integers. */
const MAX_DIGITS: u32 = 15;
const MAX_DEPTH: u32 = 63;
const POWERS_OF_TEN = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);
/** 1 for what may stand behind the host of a URL. */
const URL_LETTERS = memory.data(256);

let start: usize = 0;
let slots: usize = 0;
let isAscii: bool = true;
/** Each object of the schema has its fields in the table's order, and no others. */
let isUsual: bool = true;
/** Of the last text that was passed. */
let hasEscapes: bool = false;
/** Of the last number that was passed. */
let number: f64 = 0;
let hasFraction: bool = false;

/** Where free memory begins. */
export function heapBase(): usize {
  return __heap_base;
}

/** To be called once. */
export function prepare(): void {
  for (let c: u32 = 0; c < 128; c++) store<u8>(URL_LETTERS + c, isAlphanumeric(c) ? 1 : 0);
  markUrlLetters(0x2d); // - . _ ~ % ! $ & ' ( ) * + , ; = : @ / ? #
  markUrlLetters(0x2e);
  markUrlLetters(0x5f);
  markUrlLetters(0x7e);
  markUrlLetters(0x3a);
  markUrlLetters(0x3b);
  markUrlLetters(0x3d);
  markUrlLetters(0x3f);
  markUrlLetters(0x40);
  markUrlLetters(0x2f);
  for (let c: u32 = 0x23; c <= 0x2c; c++) markUrlLetters(c);
  markUrlLetters(0x21);
}

function markUrlLetters(c: u32): void {
  store<u8>(URL_LETTERS + c, 1);
}

/** Scans the text in [from, end) against the object at `root`, into so many slots at `to`. 64 bytes behind it are free. */
export function scan(root: usize, from: usize, end: usize, to: usize, slotCount: u32): u32 {
  memory.fill(end, 0, ZEROS);
  const ascii = isOnlyAscii(from, end);
  if (!ascii && !isUtf8(from, end)) return UNSURE;
  isAscii = ascii;
  isUsual = true;
  start = from;
  slots = to;
  memory.fill(to, 0xff, <usize> slotCount * SLOT_BYTES);
  let at = skipObject(root, skipSpace(from));
  if (at === 0) return UNSURE;
  at = skipSpace(at);
  if (at !== end) return UNSURE;
  return VALID | (ascii ? ASCII : 0) | (isUsual ? USUAL : 0);
}

/** Behind an object of the schema; 0 where that is not sure. */
function skipObject(object: usize, from: usize): usize {
  if (load<u8>(from) !== 0x7b) return 0;
  const fields = load<usize>(object);
  const count = load<u32>(object, 4);
  let at = skipSpace(from + 1);
  let seen: u32 = 0;
  let next: u32 = 0;
  if (load<u8>(at) === 0x7d) return load<u32>(object, 8) === 0 ? at + 1 : 0;
  while (true) {
    if (load<u8>(at) !== 0x22) return 0;
    at++;
    const index = findField(fields, count, next, at);
    if (index < count) {
      const field = fields + <usize> index * FIELD_BYTES;
      const bit = load<u32>(field, BIT);
      if (seen & bit) return 0; // the last one of a name counts
      seen |= bit;
      if (index < next) isUsual = false;
      next = index + 1;
      at = skipColon(at + load<u32>(field, NAME_LENGTH));
      if (at === 0) return 0;
      at = skipField(field, at);
    } else {
      isUsual = false;
      at = endOfText(at);
      if (at === 0 || hasEscapes) return 0; // it may be one of ours, in another spelling
      at = skipColon(at + 1);
      if (at === 0) return 0;
      at = skipValue(at);
    }
    if (at === 0) return 0;
    at = skipSpace(at);
    const c = load<u8>(at);
    if (c === 0x7d) break;
    if (c !== 0x2c) return 0;
    at = skipSpace(at + 1);
  }
  const required = load<u32>(object, 8);
  return (seen & required) === required ? at + 1 : 0;
}

/** Which field has the name that begins at `at`; `count` where none has. The one that is expected next is tried first. */
function findField(fields: usize, count: u32, next: u32, at: usize): u32 {
  const low = v128.load(at);
  const high = v128.load(at, 16);
  let index = next === count ? 0 : next;
  for (let tries: u32 = 0; tries < count; tries++) {
    const field = fields + <usize> index * FIELD_BYTES;
    const length = load<u32>(field, NAME_LENGTH);
    let same = i8x16.bitmask(i8x16.eq(low, v128.load(field)));
    if (length > 16) same |= i8x16.bitmask(i8x16.eq(high, v128.load(field, 16))) << 16;
    const wanted: i32 = length === 32 ? -1 : (1 << length) - 1;
    if ((same & wanted) === wanted) return index;
    if (++index === count) index = 0;
  }
  return count;
}

/** Behind the value of a field; 0 where it is not sure. Notes where it stands. */
function skipField(field: usize, from: usize): usize {
  const kind = load<u32>(field, KIND);
  const slot = slots + <usize> load<u32>(field, SLOT) * SLOT_BYTES;
  if (load<u8>(from) === 0x6e) { // null
    if (kind !== KIND_ANYTHING) {
      if (!(load<u32>(field, FLAGS) & NULLABLE)) return 0;
      const at = skipLiteral(from);
      if (at !== 0) store<i32>(slot, IS_NULL);
      return at;
    }
  }
  let first = from;
  let end: usize = 0;
  let at: usize = 0;
  if (kind <= KIND_URL) {
    if (load<u8>(from) !== 0x22) return 0;
    first = from + 1;
    end = endOfText(first);
    if (end === 0) return 0;
    at = end + 1;
    const escaped = hasEscapes;
    if (!isTextOf(field, kind, first, end)) return 0;
    store<i32>(slot, escaped ? 1 : 0, SLOT_VALUE);
  } else if (kind === KIND_NUMBER) {
    end = at = skipNumber(from);
    if (at === 0 || !isNumberOf(field)) return 0;
    store<f64>(slot, number, SLOT_VALUE);
  } else if (kind === KIND_BOOLEAN) {
    const c = load<u8>(from);
    if (c !== 0x74 && c !== 0x66) return 0;
    end = at = skipLiteral(from);
    store<i32>(slot, c === 0x74 ? 1 : 0, SLOT_VALUE);
  } else if (kind === KIND_OBJECT) {
    end = at = skipObject(load<usize>(field, OBJECT), from);
  } else {
    if (kind === KIND_FREE_OBJECT && load<u8>(from) !== 0x7b) return 0;
    end = at = skipValue(from);
  }
  if (at === 0) return 0;
  store<i32>(slot, <i32> (first - start));
  store<i32>(slot, <i32> (end - start), SLOT_END);
  return at;
}

function isTextOf(field: usize, kind: u32, from: usize, end: usize): bool {
  const length = <u32> (end - from);
  const least = load<u32>(field, MIN_LENGTH);
  const most = load<u32>(field, MAX_LENGTH);
  // A text has as many letters as bytes or fewer, and one at least if it is not empty.
  if (length > most || length < least) return false;
  if (kind === KIND_TEXT) return least <= 1 || (isAscii && !hasEscapes);
  if (hasEscapes) return false;
  if (kind === KIND_UUID) return isUuid(from, length);
  if (kind === KIND_TIME) return isTime(from, length);
  return isUrl(from, end);
}

function isNumberOf(field: usize): bool {
  const flags = load<u32>(field, FLAGS);
  const least = load<f64>(field, MINIMUM);
  const most = load<f64>(field, MAXIMUM);
  if (flags & INTEGER && hasFraction) return false;
  if (flags & ABOVE_MINIMUM ? !(number > least) : !(number >= least)) return false;
  return flags & BELOW_MAXIMUM ? number < most : number <= most;
}

/** Behind any JSON value; 0 where it is none. Nothing is called again for what lies within: it may be deep. */
function skipValue(from: usize): usize {
  let at = from;
  let depth: u32 = 0;
  let objects: u64 = 0; // a bit for each that is open, the innermost lowest: 1 for an object, 0 for a list
  while (true) {
    const c = load<u8>(at);
    if (c === 0x22) {
      at = endOfText(at + 1);
      if (at === 0) return 0;
      at++;
    } else if (c === 0x7b || c === 0x5b) {
      const isObject = c === 0x7b;
      at = skipSpace(at + 1);
      if (load<u8>(at) === c + 2) {
        at++;
      } else {
        if (depth === MAX_DEPTH) return 0;
        depth++;
        objects = (objects << 1) | <u64> isObject;
        if (isObject) {
          at = skipName(at);
          if (at === 0) return 0;
        }
        continue;
      }
    } else {
      at = c === 0x74 || c === 0x66 || c === 0x6e ? skipLiteral(at) : skipAnyNumber(at);
      if (at === 0) return 0;
    }
    while (true) {
      if (depth === 0) return at;
      at = skipSpace(at);
      const next = load<u8>(at);
      const isObject = objects & 1;
      if (next === 0x2c) {
        at = skipSpace(at + 1);
        if (isObject) {
          at = skipName(at);
          if (at === 0) return 0;
        }
        break;
      }
      if (next !== (isObject ? 0x7d : 0x5d)) return 0;
      at++;
      depth--;
      objects >>= 1;
    }
  }
}

/** From a name to its value. */
function skipName(from: usize): usize {
  if (load<u8>(from) !== 0x22) return 0;
  const end = endOfText(from + 1);
  return end === 0 ? 0 : skipColon(end + 1);
}

function skipColon(from: usize): usize {
  const at = skipSpace(from);
  return load<u8>(at) === 0x3a ? skipSpace(at + 1) : 0;
}

function skipSpace(from: usize): usize {
  let at = from;
  while (true) {
    const c = load<u8>(at);
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) return at;
    at++;
  }
}

/** true, false or null. */
function skipLiteral(from: usize): usize {
  const four = load<u32>(from);
  if (four === 0x65757274 || four === 0x6c6c756e) return from + 4;
  return four === 0x736c6166 && load<u8>(from, 4) === 0x65 ? from + 5 : 0;
}

/** Without an exponent, which ends it too early, and short enough for `number` to be what JSON.parse makes of it. */
function skipNumber(from: usize): usize {
  let at = from;
  const isNegative = load<u8>(at) === 0x2d;
  if (isNegative) at++;
  const digits = at;
  let value: i64 = 0;
  let c = load<u8>(at);
  if (c === 0x30) {
    at++;
  } else if (isDigit(c)) {
    while (isDigit((c = load<u8>(at)))) {
      value = value * 10 + (c - 0x30);
      at++;
      if (<u32> (at - digits) > MAX_DIGITS) return 0;
    }
  } else {
    return 0;
  }
  let count = <u32> (at - digits);
  let decimals: u32 = 0;
  if (load<u8>(at) === 0x2e) {
    at++;
    while (isDigit((c = load<u8>(at)))) {
      value = value * 10 + (c - 0x30);
      at++;
      decimals++;
      if (++count > MAX_DIGITS) return 0;
    }
    if (decimals === 0) return 0;
  }
  // Two exact numbers: their quotient is rounded once, as JSON.parse does it.
  const size = <f64> value / load<f64>(POWERS_OF_TEN + (<usize> decimals << 3));
  number = isNegative ? -size : size;
  hasFraction = decimals > 0;
  return at;
}

/** As long as it likes, and with an exponent: nobody asks for its value. */
function skipAnyNumber(from: usize): usize {
  let at = load<u8>(from) === 0x2d ? from + 1 : from;
  if (load<u8>(at) === 0x30) {
    at++;
  } else {
    const digits = at;
    at = skipDigits(at);
    if (at === digits) return 0;
  }
  if (load<u8>(at) === 0x2e) {
    const digits = ++at;
    at = skipDigits(at);
    if (at === digits) return 0;
  }
  if ((load<u8>(at) | 0x20) === 0x65) {
    const sign = load<u8>(at, 1);
    at += sign === 0x2b || sign === 0x2d ? 2 : 1;
    const digits = at;
    at = skipDigits(at);
    if (at === digits) return 0;
  }
  return at;
}

function skipDigits(from: usize): usize {
  let at = from;
  while (isDigit(load<u8>(at))) at++;
  return at;
}

/** From behind the first quote to the last one; 0 where the text is none. */
function endOfText(from: usize): usize {
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const space = i8x16.splat(0x20);
  hasEscapes = false;
  let at = from;
  while (true) {
    const letters = v128.load(at);
    const special = v128.or(
      v128.or(i8x16.eq(letters, quote), i8x16.eq(letters, backslash)),
      i8x16.lt_u(letters, space),
    );
    const mask = i8x16.bitmask(special);
    if (mask === 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    const c = load<u8>(at);
    if (c === 0x22) return at;
    if (c !== 0x5c) return 0;
    hasEscapes = true;
    const kind = load<u8>(at, 1);
    if (kind === 0x75) {
      if (!isHex(load<u8>(at, 2)) || !isHex(load<u8>(at, 3))) return 0;
      if (!isHex(load<u8>(at, 4)) || !isHex(load<u8>(at, 5))) return 0;
      at += 6;
    } else if (
      kind === 0x22 || kind === 0x5c || kind === 0x2f || kind === 0x62 || kind === 0x66 ||
      kind === 0x6e || kind === 0x72 || kind === 0x74
    ) {
      at += 2;
    } else {
      return 0;
    }
  }
}

/** Hexadecimal digits in groups of 8, 4, 4, 4 and 12. */
function isUuid(from: usize, length: u32): bool {
  if (length !== 36) return false;
  if (load<u8>(from, 8) !== 0x2d || load<u8>(from, 13) !== 0x2d) return false;
  if (load<u8>(from, 18) !== 0x2d || load<u8>(from, 23) !== 0x2d) return false;
  const first = hexMask(v128.load(from));
  const second = hexMask(v128.load(from, 16));
  const last = hexMask(v128.load(from, 20));
  // Bits 8 and 13; 18 and 23 less 16; 23 less 20.
  return first === (0xffff & ~0x2100) && second === (0xffff & ~0x84) && last === (0xffff & ~0x8);
}

function hexMask(letters: v128): i32 {
  const digits = i8x16.lt_u(i8x16.sub(letters, i8x16.splat(0x30)), i8x16.splat(10));
  const small = v128.or(letters, i8x16.splat(0x20));
  const beyond = i8x16.lt_u(i8x16.sub(small, i8x16.splat(0x61)), i8x16.splat(6));
  return i8x16.bitmask(v128.or(digits, beyond));
}

/** 2024-01-15T10:30:45Z, with or without a fraction, on a day that every month has. */
function isTime(from: usize, length: u32): bool {
  if (length < 20) return false;
  const letters = v128.load(from);
  const digits = i8x16.bitmask(
    i8x16.lt_u(i8x16.sub(letters, i8x16.splat(0x30)), i8x16.splat(10)),
  );
  if ((digits & 0xdb6f) !== 0xdb6f) return false;
  if (load<u8>(from, 4) !== 0x2d || load<u8>(from, 7) !== 0x2d) return false;
  if (load<u8>(from, 10) !== 0x54 || load<u8>(from, 13) !== 0x3a) return false;
  if (load<u8>(from, 16) !== 0x3a || load<u8>(from + length - 1) !== 0x5a) return false;
  if (!isDigit(load<u8>(from, 17)) || !isDigit(load<u8>(from, 18))) return false;
  const month = twoDigits(from + 5);
  const day = twoDigits(from + 8);
  if (month < 1 || month > 12 || day < 1 || day > 28) return false;
  if (twoDigits(from + 11) > 23 || twoDigits(from + 14) > 59) return false;
  if (twoDigits(from + 17) > 59) return false;
  if (length === 20) return true;
  if (load<u8>(from, 19) !== 0x2e || length === 21) return false;
  for (let at = from + 20; at < from + length - 1; at++) {
    if (!isDigit(load<u8>(at))) return false;
  }
  return true;
}

function twoDigits(at: usize): u32 {
  return (<u32> load<u8>(at) - 0x30) * 10 + load<u8>(at, 1) - 0x30;
}

/** http or https; a host of labels with single hyphens, the last one letters alone; plain letters behind. */
function isUrl(from: usize, end: usize): bool {
  if (end - from < 8 || load<u32>(from) !== 0x70747468) return false;
  let at = from + 4;
  if (load<u8>(at) === 0x73) at++;
  if (load<u8>(at) !== 0x3a || load<u16>(at, 1) !== 0x2f2f) return false;
  at += 3;
  let label = at;
  let hasOther = false; // the label is not of letters alone
  let before: u32 = 0x2e;
  while (at < end) {
    const c: u32 = load<u8>(at);
    if (c - 0x61 >= 26) {
      if (c === 0x2e) {
        if (before === 0x2e || before === 0x2d) return false;
        label = at + 1;
        hasOther = false;
      } else if (c === 0x2d) {
        if (before === 0x2e || before === 0x2d) return false;
        hasOther = true;
      } else if (c - 0x30 < 10) {
        hasOther = true;
      } else {
        break;
      }
    }
    before = c;
    at++;
  }
  if (at === label || hasOther) return false;
  if (at < end && load<u8>(at) === 0x3a) {
    const port = ++at;
    while (at < end && isDigit(load<u8>(at))) at++;
    if (at === port || at - port > 4) return false;
  }
  if (at === end) return true;
  const c = load<u8>(at);
  if (c !== 0x2f && c !== 0x3f && c !== 0x23) return false;
  for (; at < end; at++) {
    if (load<u8>(URL_LETTERS + <usize> load<u8>(at)) === 0) return false;
  }
  return true;
}

function isOnlyAscii(from: usize, end: usize): bool {
  let all = i8x16.splat(0);
  for (let at = from; at < end; at += 16) all = v128.or(all, v128.load(at)); // zeros follow
  return i8x16.bitmask(all) === 0;
}

/** As Unicode has it in its table of well-formed sequences. */
function isUtf8(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (i8x16.bitmask(v128.load(at)) === 0) {
      at += 16;
      continue;
    }
    const c = load<u8>(at);
    if (c < 0x80) {
      at++;
      continue;
    }
    if (c < 0xc2 || c > 0xf4) return false;
    const more: usize = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    const second = load<u8>(at, 1);
    if (c === 0xe0 && second < 0xa0) return false;
    if (c === 0xed && second > 0x9f) return false;
    if (c === 0xf0 && second < 0x90) return false;
    if (c === 0xf4 && second > 0x8f) return false;
    for (let i: usize = 1; i <= more; i++) {
      if ((load<u8>(at + i) & 0xc0) !== 0x80) return false; // what ends too early ends in a zero
    }
    at += more + 1;
  }
  return true;
}

function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

function isHex(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
}

function isAlphanumeric(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 26;
}
