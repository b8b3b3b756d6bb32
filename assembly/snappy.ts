/**
 * Unpacks a raw block of snappy inside of WebAssembly's memory. Says yes only to a block that is sound from end to end;
 * what is wrong with another is for the plain way to tell. Reads up to 16 bytes behind the block and writes up to 64
 * behind what comes out: the caller leaves them free.
 */

/** Where free memory begins. */
export function heapBase(): usize {
  return __heap_base;
}

/** Unpacks the elements in [from, end) to [to, to + size). 1 if they give exactly that, else 0. */
export function unpack(from: usize, end: usize, to: usize, size: u32): i32 {
  const outEnd = to + <usize> size;
  let at = from;
  let out = to;
  while (at < end) {
    const tag: u32 = load<u8>(at++);
    if ((tag & 3) === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const lengthBytes = length - 60;
        if (<u32> (end - at) < lengthBytes) return 0;
        length = 0;
        for (let i: u32 = 0; i < lengthBytes; i++) length |= <u32> load<u8>(at + i) << (8 * i);
        at += lengthBytes;
        if (++length === 0) return 0;
      }
      if (<u32> (end - at) < length || <u32> (outEnd - out) < length) return 0;
      if (length <= 64) copyForward(out, at, length);
      else memory.copy(out, at, length);
      at += length;
      out += length;
      continue;
    }
    let length = (tag >> 2) + 1;
    let distance: u32;
    if ((tag & 3) === 1) {
      if (at >= end) return 0;
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | <u32> load<u8>(at++);
    } else if ((tag & 3) === 2) {
      if (end - at < 2) return 0;
      distance = load<u16>(at);
      at += 2;
    } else {
      if (end - at < 4) return 0;
      distance = load<u32>(at);
      at += 4;
    }
    if (distance === 0 || distance > <u32> (out - to) || <u32> (outEnd - out) < length) return 0;
    if (distance >= 16) copyForward(out, out - distance, length);
    else copyNear(out, distance, length);
    out += length;
  }
  return out === outEnd ? 1 : 0;
}

/** Up to 64 bytes in steps of 16: the last step may go beyond. They overlap by 16 at the nearest. */
function copyForward(to: usize, from: usize, length: u32): void {
  for (let i: u32 = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

/** What is copied may begin with what the copy itself has just written. */
function copyNear(to: usize, distance: u32, length: u32): void {
  if (distance >= 8) {
    for (let i: u32 = 0; i < length; i += 8) store<u64>(to + i, load<u64>(to - distance + i));
  } else {
    for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(to - distance + i));
  }
}
