/** Judges partitions: which deliveries are taken, what is wanted with a full window, how far the prefix may go. */
import type { EntryOf, PartitionEntry } from "./simulation_history.ts";
import type { Ledger, OwnerState, ReceiptState } from "./simulation_ledger.ts";

export class PartitionJudge {
  readonly #ledger: Ledger;
  #isTakingRight = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  take(entry: PartitionEntry): void {
    if (entry.kind === "assigned") return this.#assigned(entry);
    const owner = this.#ledger.owner(entry.owner);
    switch (entry.kind) {
      case "asked":
        return this.#asked(owner);
      case "delivered":
        return this.#delivered(owner, entry);
      case "answered":
        return this.#answered(entry.isTaken);
      case "offered":
        return this.#offered(owner);
      case "observed":
        return this.#observed(owner, entry);
      case "lost":
        return this.#lost(owner, entry.to);
      default:
        return this.#changed(owner, entry);
    }
  }

  #assigned({ owner, place, position }: EntryOf<"assigned">): void {
    this.#ledger.owners.set(owner, {
      place: this.#ledger.place(place),
      state: "active",
      isPaused: false,
      isHeld: false,
      letGoAt: -1,
      receipts: [],
      position,
      prefix: position,
      highestTouched: -1,
      frontier: -1,
      readoptedTo: -1,
      notOurs: [],
    });
  }

  #changed(
    owner: OwnerState,
    entry: EntryOf<
      "resumed" | "suspended" | "dropped" | "readopted" | "paused" | "goes_on" | "held" | "let_go"
    >,
  ): void {
    switch (entry.kind) {
      case "paused":
      case "goes_on":
        owner.isPaused = entry.kind === "paused";
        break;
      case "held":
        owner.isHeld = true;
        break;
      case "let_go":
        owner.isHeld = false;
        owner.letGoAt = this.#ledger.at;
        break;
      case "resumed":
        if (owner.state === "draining") owner.state = "active";
        break;
      case "suspended":
        if (owner.state !== "dropped") owner.state = "suspended";
        break;
      case "readopted":
        owner.state = "active";
        owner.readoptedTo = entry.committed;
        owner.notOurs.push({ from: 0, to: entry.committed });
        break;
      case "dropped":
        owner.state = "dropped";
        for (const receipt of owner.receipts) this.#ledger.running.delete(receipt);
    }
  }

  #asked(owner: OwnerState): void {
    const first = owner.receipts.findIndex(({ outcome }) => outcome === null);
    const held = first < 0 ? [] : owner.receipts.slice(first);
    const bytes = held.reduce((sum, receipt) => sum + receipt.bytes, 0);
    const { windowMessages, windowBytes } = this.#ledger.limits;
    if (held.length >= windowMessages || bytes >= windowBytes) {
      this.#ledger.blame(
        `More was wanted with a full window: ${held.length} messages, ${bytes} bytes`,
      );
    }
    if (owner.isHeld) this.#ledger.blame("More was wanted while held still");
    if (owner.state !== "active") this.#ledger.blame(`More was wanted while ${owner.state}`);
  }

  #delivered(owner: OwnerState, { from, next, receipts }: EntryOf<"delivered">): void {
    const isOpen = owner.state === "active" || owner.state === "draining";
    this.#isTakingRight = isOpen && from === owner.position;
    for (const receipt of receipts) {
      const state: ReceiptState = {
        ...receipt,
        owner,
        attempt: 0,
        running: "no",
        isTouched: false,
        last: "none",
        letters: [],
        outcome: null,
      };
      this.#ledger.receipts.set(receipt.id, state);
      if (this.#isTakingRight) owner.receipts.push(state);
    }
    if (this.#isTakingRight) owner.position = next;
  }

  #answered(isTaken: boolean): void {
    if (isTaken === this.#isTakingRight) return;
    this.#ledger.blame(`A delivery was ${isTaken ? "taken" : "dropped"} wrongly`);
  }

  #offered({ state }: OwnerState): void {
    if (state === "active" || state === "draining") return;
    this.#ledger.blame(`A commit was offered while ${state}`);
  }

  #observed(owner: OwnerState, { prefix, position }: EntryOf<"observed">): void {
    if (prefix < owner.prefix) {
      this.#ledger.blame(`Prefix went back from ${owner.prefix} to ${prefix}`);
    }
    if (prefix > position) this.#ledger.blame(`Prefix ${prefix} passed position ${position}`);
    if (position !== owner.position) {
      this.#ledger.blame(`Position is ${position} and should be ${owner.position}`);
    }
    const { place, receipts, notOurs } = owner;
    const done = new Set(
      receipts.filter(({ outcome }) => outcome !== null).map(({ offset }) => offset),
    );
    const open = place.offsets.find((offset) =>
      offset >= owner.prefix && offset < prefix && !done.has(offset) &&
      !notOurs.some(({ from, to }) => offset >= from && offset < to)
    );
    if (open !== undefined) this.#ledger.blame(`Prefix ${prefix} passed offset ${open}`);
    owner.prefix = prefix;
  }

  #lost(owner: OwnerState, to: number): void {
    const { place, position: from, notOurs } = owner;
    for (const offset of place.offsets) {
      if (offset >= from && offset < to) place.settled.add(offset);
    }
    notOurs.push({ from, to });
    owner.position = to;
  }
}
