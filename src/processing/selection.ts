/** What a handler reads of an event, and how it is taken out of a whole one. */

export type Fields = Readonly<Record<string, unknown>>;
/** Path part -> what is wanted below it; null wants all of it. */
export type Selection = ReadonlyMap<string, Selection | null>;

type GrowingSelection = Map<string, GrowingSelection | null>;

/** @throws TypeError when a path has an empty part or `__proto__` */
export function selectionOf(reads: readonly string[]): Selection {
  const selection: GrowingSelection = new Map();
  for (const path of reads) addPath(selection, path);
  return selection;
}

/** The selected fields alone, nested as in the whole, in the order of the selection. */
export function select(from: Fields, selection: Selection): Fields {
  const selected: Record<string, unknown> = {};
  for (const [name, below] of selection) {
    if (!Object.hasOwn(from, name)) continue;
    const value = from[name];
    if (below === null) selected[name] = value;
    else if (isObject(value)) selected[name] = select(value, below);
  }
  return selected;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function addPath(selection: GrowingSelection, path: string): void {
  const parts = path.split(".");
  if (parts.some((part) => part === "" || part === "__proto__")) {
    throw new TypeError(`Correct the path in the handler's reads: ${path}`);
  }
  const last = parts.pop() as string;
  let at = selection;
  for (const part of parts) {
    const below = at.get(part);
    if (below === null) return; // a shorter path wants all of it already
    const next: GrowingSelection = below ?? new Map();
    at.set(part, next);
    at = next;
  }
  at.set(last, null);
}
