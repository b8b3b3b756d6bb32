/** What happens to brokers: restarted, killed, frozen, all at once. */
import { ConfigResourceTypes } from "kafkajs";
import type { Bench } from "./bench.ts";
import {
  BROKER_FREEZE,
  BROKER_KILL,
  BROKER_RESTART,
  COORDINATOR_KILL,
  undisturbed,
} from "./faults.ts";
import { row } from "./table.ts";

const OUTAGE_MS = 60_000;
/** A cluster starts in it, too. */
const RETURN_MS = 40_000;
const MOVES = 3;
const MOVE_MS = 5_000;
const REFUSED_MS = 40_000;
const NEW_PARTITIONS_MS = 20_000;
const MORE_PARTITIONS = 16;

row({
  fault: "SIGKILL of the group's coordinator",
  expected: "another is found, nobody joins again",
  isShort: true,
}, async ({ repeat }) => {
  await repeat(COORDINATOR_KILL, 3);
});

row({
  fault: "SIGKILL of a broker that leads partitions",
  expected: "its partitions go on when they have a new leader",
}, async ({ repeat }) => {
  await repeat(BROKER_KILL, 3);
});

row({
  fault: "clean restart of a broker",
  expected: "no visible pause, a thousandth is repeated at most",
}, async ({ repeat }) => {
  await repeat(BROKER_RESTART, 3);
});

row({
  fault: "SIGSTOP of a broker for 8 s",
  expected: "its partitions go on when they have a new leader",
}, async ({ repeat }) => {
  await repeat(BROKER_FREEZE, 2);
});

row({
  fault: "all brokers are down for 60 s",
  expected: "the service waits, and goes on when they are back",
}, async ({ bench }) => {
  await bench.fault("no broker", async () => {
    await allDown(bench, () => bench.goOn(OUTAGE_MS));
  }, { repeats: "abrupt", mayOverlap: true, stallBoundMs: OUTAGE_MS + RETURN_MS });
});

row({
  fault: "all brokers are down when the service starts",
  expected: "it tries again, and begins when they are there",
  bench: { settings: { MAX_RETRIES: "60", RETRY_DELAY: "1" } },
}, async ({ bench }) => {
  await bench.fault("a start without brokers", async () => {
    const places = bench.fleet.places;
    await bench.fleet.terminateAll();
    await allDown(bench, async () => {
      for (const place of places) await bench.fleet.start(place);
      await bench.goOn(OUTAGE_MS / 4);
    });
  }, { repeats: "graceful", stallBoundMs: OUTAGE_MS / 4 + RETURN_MS });
});

row({
  fault: "partitions of one replica move to other brokers",
  expected: "nothing is skipped, nobody joins again",
  bench: { replicas: 1 },
}, async ({ bench }) => {
  for (let moves = 1; moves <= MOVES; moves += 1) {
    await bench.fault("all partitions move", async () => {
      await undisturbed(bench, async () => {
        await moveAll(bench, moves);
        await bench.goOn(MOVE_MS);
      });
    }, { stallBoundMs: MOVE_MS });
  }
});

row({
  fault: "the dead-letter topic takes nothing for 40 s, and a broker is dead",
  expected: "dead letters wait, uncommitted, and are all written then; nobody joins again",
  bench: { invalidShare: 0.01 },
}, async ({ bench }) => {
  const dlq = `${bench.topic}.dlq`;
  await bench.until("there are some", () => bench.ledger.deadLettered.length > 0, RETURN_MS);
  await bench.fault("too few replicas for the dead letters", async () => {
    await undisturbed(bench, async () => {
      await setMinInSync(bench, dlq, 3);
      const coordinator = await bench.cluster.coordinatorOf(bench.group);
      await bench.cluster.node(await bench.cluster.otherThan(coordinator)).kill();
      await bench.goOn(REFUSED_MS);
      await bench.cluster.heal([bench.topic]);
      await setMinInSync(bench, dlq, 2);
    });
  }, { repeats: "abrupt", mayOverlap: true, stallBoundMs: REFUSED_MS + RETURN_MS });
});

row({
  fault: "partitions are added",
  expected: "they are read from their beginning within METADATA_MAX_AGE_MS and 5 s",
}, async ({ bench }) => {
  await bench.fault("12 partitions become 16", async () => {
    await bench.addPartitions(MORE_PARTITIONS);
  }, { repeats: "graceful", stallBoundMs: NEW_PARTITIONS_MS });
});

async function allDown(bench: Bench, meanwhile: () => Promise<void>): Promise<void> {
  await Promise.all(bench.cluster.nodes.map((node) => node.kill()));
  await meanwhile();
  await Promise.all(bench.cluster.nodes.map((node) => node.start()));
  await bench.cluster.heal([bench.topic]);
}

/** Each partition to the next broker but so many. */
async function moveAll({ cluster, topic, partitions }: Bench, by: number): Promise<void> {
  const ids = cluster.nodes.map(({ id }) => id);
  const partitionAssignment = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    replicas: [ids[(partition + by) % ids.length] ?? 1],
  }));
  await cluster.ask((admin) =>
    admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] })
  );
}

async function setMinInSync({ cluster }: Bench, topic: string, count: number): Promise<void> {
  const configEntries = [
    { name: "min.insync.replicas", value: String(count) },
    { name: "retention.ms", value: "-1" },
  ];
  await cluster.ask((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    })
  );
}
