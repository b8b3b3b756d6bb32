/**
 * Judges the history of a simulation: what was lost, started out of order, started without a right to, counted as done
 * too early, or changed after its partition was gone. It recomputes everything from the history and asks the core for
 * nothing. Itself tested on made-up histories.
 */
import { DrainJudge } from "./simulation_drains.ts";
import type { Entry, EntryOf, Limits, WorldEntry } from "./simulation_history.ts";
import { Ledger, type PlaceState } from "./simulation_ledger.ts";
import { MessageJudge } from "./simulation_messages.ts";
import { PartitionJudge } from "./simulation_partitions.ts";

/** Answers what is wrong, in order; each text begins with its place in the history. */
export function judgeSimulation(history: readonly Entry[], limits: Limits): readonly string[] {
  const ledger = new Ledger(limits);
  const messages = new MessageJudge(ledger);
  const partitions = new PartitionJudge(ledger);
  const drains = new DrainJudge(ledger);
  for (const entry of history) {
    if ("id" in entry) messages.take(entry);
    else if ("owner" in entry) partitions.take(entry);
    else if ("drain" in entry) drains.take(entry);
    else if (entry.kind === "passed") drains.late(entry.durationMs);
    else takeWorld(ledger, entry);
    if (entry.kind === "over") drains.over();
    ledger.at += 1;
  }
  return ledger.violations;
}

function takeWorld(ledger: Ledger, entry: Exclude<WorldEntry, EntryOf<"passed">>): void {
  switch (entry.kind) {
    case "log":
      ledger.places.set(entry.place, { offsets: entry.offsets, settled: new Set(), committed: 0 });
      break;
    case "lease":
      ledger.hasLease = entry.isHeld;
      break;
    case "elsewhere":
      elsewhere(ledger.place(entry.place), entry.to);
      break;
    case "committed":
      committed(ledger, entry);
      break;
    case "defect":
      ledger.blame(`The core broke: ${entry.text}`);
      break;
    case "over":
      over(ledger);
  }
}

function elsewhere(place: PlaceState, to: number): void {
  for (const offset of place.offsets) if (offset < to) place.settled.add(offset);
  place.committed = Math.max(place.committed, to);
}

function committed(ledger: Ledger, { place: name, offset, done }: EntryOf<"committed">): void {
  const place = ledger.place(name);
  const open = place.offsets.find((each) => each < offset && !place.settled.has(each));
  if (open !== undefined) ledger.blame(`Commit ${offset} of ${name} passed offset ${open}`);
  const undone = place.offsets.find((each) =>
    !place.settled.has(each) && done.some(({ first, last }) => each >= first && each <= last)
  );
  if (undone !== undefined) ledger.blame(`Commit of ${name} says that ${undone} is done`);
  if (offset < place.committed) {
    ledger.blame(`Commit of ${name} went back from ${place.committed} to ${offset}`);
  }
  place.committed = Math.max(place.committed, offset);
}

function over(ledger: Ledger): void {
  for (const [name, { offsets, settled }] of ledger.places) {
    const lost = offsets.filter((offset) => !settled.has(offset));
    if (lost.length > 0) ledger.blame(`Lost of ${name}: ${lost.join(", ")}`);
  }
  for (const { state, receipts } of ledger.owners.values()) {
    const open = state === "dropped" ? [] : receipts.filter(({ outcome }) => outcome === null);
    for (const receipt of open) ledger.blame("Never had an outcome", receipt);
  }
}
