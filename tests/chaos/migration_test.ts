/**
 * Rolling migrations: members of other clients take the service's places in its group one by one, and it takes them
 * back, all under load.
 */
import { type ForeignKind, startForeignMember } from "../support/foreign_members.ts";
import type { Program } from "../support/program.ts";
import type { Bench } from "./bench.ts";
import { SESSION_MS } from "./bench_options.ts";
import { row } from "./table.ts";

/** Clients that handle one message after the other must keep up, too. */
const RATE = 200;
const PROGRESS_MS = 15_000;
const JOIN_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 20_000;
/** A rebalance of an eager group, which stands still as a whole. */
const STALL_MS = SESSION_MS;

const MIGRATIONS: Readonly<Record<ForeignKind, string>> = {
  "kafkajs": "to kafkajs's consumer and back",
  "range": "to librdkafka with range and back",
  "cooperative-sticky": "to librdkafka with cooperative-sticky and back",
};

for (const [kind, name] of Object.entries(MIGRATIONS) as [ForeignKind, string][]) {
  row({
    fault: `a rolling migration ${name}`,
    expected: "nothing is lost, and nothing is done by who does not have the partition",
    bench: { rate: RATE },
  }, async ({ bench }) => {
    await using foreigners = new Foreigners(bench, kind);
    const places = bench.fleet.places;
    for (const [at, place] of places.entries()) {
      // A group of ours alone is cooperative: only the answer to its join tells a member that this is over, and what it
      // has in flight then may be another's at once. From then on each join is preceded by a drain.
      const isFirst = at === 0 && kind !== "cooperative-sticky";
      await bench.fault(`a member by ${kind} comes`, () => foreigners.start(), {
        repeats: isFirst ? "abrupt" : "graceful",
        mayOverlap: isFirst,
        stallBoundMs: STALL_MS,
      });
      await bench.fault("one of ours goes", async () => {
        const { code } = await bench.fleet.terminate(place);
        if (code !== 0) bench.addProblem(`SIGTERM: exit code ${code}`);
      }, { repeats: "graceful", stallBoundMs: STALL_MS });
    }
    for (const place of places) {
      await bench.fault("one of ours comes back", async () => {
        await bench.fleet.start(place);
        await foreigners.untilWorking(bench.fleet.processAt(place));
      }, { repeats: "graceful", stallBoundMs: STALL_MS });
      await bench.fault(`a member by ${kind} goes`, () => foreigners.stopOne(), {
        repeats: "graceful",
        stallBoundMs: STALL_MS,
      });
    }
    await bench.goOn(PROGRESS_MS);
  });
}

/** The members by another client. */
class Foreigners implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #kind: ForeignKind;
  readonly #running: Program[] = [];
  readonly #files: string[] = [];

  constructor(bench: Bench, kind: ForeignKind) {
    this.#bench = bench;
    this.#kind = kind;
  }

  /** Until the new one does something. */
  async start(): Promise<void> {
    const { cluster, topic, group, ledger } = this.#bench;
    const path = await Deno.makeTempFile({ prefix: "foreign-" });
    this.#files.push(path);
    const process = `${this.#kind}-${this.#files.length}`;
    ledger.addProcess({ process, path });
    const bootstrap = cluster.bootstrap();
    const program = await startForeignMember(this.#kind, { bootstrap, topic, group, path });
    this.#running.push(program);
    try {
      await this.untilWorking(process);
    } catch (error) {
      throw new Error(`${process} says: ${program.stderr.join("\n")}`, { cause: error });
    }
  }

  async untilWorking(process: string): Promise<void> {
    const { ledger } = this.#bench;
    const isWorking = () => ledger.of(process).length > 0;
    await this.#bench.until(`${process} does something`, isWorking, JOIN_DEADLINE_MS);
  }

  /** The one that came first goes. */
  async stopOne(): Promise<void> {
    const { code } = await this.#running.shift()?.stop(STOP_DEADLINE_MS) ?? { code: null };
    if (code !== 0) this.#bench.addProblem(`SIGTERM to ${this.#kind}: exit code ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running) await program[Symbol.asyncDispose]();
    for (const file of this.#files) await Deno.remove(file);
  }
}
