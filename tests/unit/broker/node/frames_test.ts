import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FrameReader } from "../../../../src/broker/node/frames.ts";
import { MalformedRequestError } from "../../../../src/broker/wire/reader.ts";

function framed(content: string): Buffer {
  const frame = Buffer.alloc(4 + content.length);
  frame.writeInt32BE(content.length, 0);
  frame.write(content, 4);
  return frame;
}

/** What comes out when the bytes come in pieces of this length. */
function readInPieces(bytes: Buffer, pieceBytes: number): string[] {
  const reader = new FrameReader({ maxBytes: 100 });
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.push(bytes.subarray(at, at + pieceBytes));
    for (let frame = reader.next(); frame !== null; frame = reader.next()) {
      found.push(Buffer.from(frame).toString());
    }
  }
  return found;
}

Deno.test("FrameReader.next() finds the requests, however the bytes come", () => {
  const contents = ["one", "", "a longer one than the others", "x"];
  const bytes = Buffer.concat(contents.map(framed));
  for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) {
    assert.deepEqual(readInPieces(bytes, pieceBytes), contents, `${pieceBytes} bytes a piece`);
  }
});

Deno.test("FrameReader.next() refuses a length that is too large or below 0 before it has come", () => {
  for (const length of [101, -1, 0x7fffffff]) {
    const reader = new FrameReader({ maxBytes: 100 });
    const head = Buffer.alloc(4);
    head.writeInt32BE(length, 0);
    reader.push(head);
    assert.throws(() => reader.next(), MalformedRequestError);
  }
});
