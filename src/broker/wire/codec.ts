/**
 * Kafka's messages as data: a codec per primitive type, and structs and arrays of them. A field that only some
 * versions have is `since(5, …)` or `versions([2, 4], …)` and reads as its default elsewhere; whether the encoding is
 * the flexible one is known to the reader and the writer. So each message is written down once, for all its versions.
 */
import { MalformedRequestError, type WireReader } from "./reader.ts";
import type { WireWriter } from "./writer.ts";

/** Reads and writes one type. */
export interface Codec<T> {
  read(reader: WireReader, version: number): T;
  write(writer: WireWriter, value: T, version: number): void;
}

/** What a codec reads and writes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

type Fields = Readonly<Record<string, Codec<unknown>>>;
type StructOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** No topic has this id. */
export const NO_UUID = "0".repeat(32);

export const boolean: Codec<boolean> = {
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
};

export const int8: Codec<number> = {
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
};

export const int16: Codec<number> = {
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
};

export const int32: Codec<number> = {
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
};

export const int64: Codec<number> = {
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
};

/** 32 hex digits. */
export const uuid: Codec<string> = {
  read: (reader) => reader.uuid(),
  write: (writer, value) => writer.uuid(value),
};

export const nullableString: Codec<string | null> = {
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(value),
};

export const string: Codec<string> = {
  read: (reader) => present(reader.string()),
  write: (writer, value) => writer.string(value),
};

export const nullableBytes: Codec<Uint8Array | null> = {
  read: (reader) => reader.bytes(),
  write: (writer, value) => writer.bytes(value),
};

export const bytes: Codec<Uint8Array> = {
  read: (reader) => present(reader.bytes()),
  write: (writer, value) => writer.bytes(value),
};

/** A byte string that is at hand in pieces: record batches of a log. */
export const byteChunks: Codec<readonly Uint8Array[]> = {
  read: (reader) => [reader.bytes() ?? new Uint8Array()],
  write: (writer, value) => writer.pieces(value),
};

export function nullableArray<T>(item: Codec<T>): Codec<readonly T[] | null> {
  return {
    read(reader, version) {
      const length = reader.arrayLength();
      if (length < 0) return null;
      const items: T[] = [];
      for (let i = 0; i < length; i++) items.push(item.read(reader, version));
      return items;
    },
    write(writer, value, version) {
      writer.arrayLength(value?.length ?? -1);
      for (const each of value ?? []) item.write(writer, each, version);
    },
  };
}

export function array<T>(item: Codec<T>): Codec<readonly T[]> {
  const nullable = nullableArray(item);
  return {
    read: (reader, version) => present(nullable.read(reader, version)),
    write: (writer, value, version) => nullable.write(writer, value, version),
  };
}

/** Fields in the order in which they are written here; in a flexible message tags follow. */
export function struct<F extends Fields>(fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields);
  return {
    read(reader, version) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.read(reader, version);
      if (reader.flexible) reader.skipTags();
      return value as StructOf<F>;
    },
    write(writer, value, version) {
      for (const [name, codec] of entries) codec.write(writer, value[name], version);
      if (writer.flexible) writer.noTags();
    },
  };
}

/** A field of the version `first` and later ones; it reads as `absent` in earlier ones. */
export function since<T>(first: number, codec: Codec<T>, absent: T): Codec<T> {
  return versions([first, Infinity], codec, absent);
}

/** A field of the versions from the first to the last named; it reads as `absent` in others. */
export function versions<T>(
  [first, last]: readonly [number, number],
  codec: Codec<T>,
  absent: T,
): Codec<T> {
  return {
    read: (reader, version) =>
      version >= first && version <= last ? codec.read(reader, version) : absent,
    write(writer, value, version) {
      if (version >= first && version <= last) codec.write(writer, value, version);
    },
  };
}

function present<T>(value: T | null): T {
  if (value === null) throw new MalformedRequestError("Cannot take null for a field: it needs one");
  return value;
}
