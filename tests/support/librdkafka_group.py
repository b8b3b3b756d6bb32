"""librdkafka as members of a consumer group and as administrator, for tests: see librdkafka_group.ts.

group BOOTSTRAP TOPIC GROUP STRATEGY COUNT   two dynamic members: one comes, one goes
static BOOTSTRAP TOPIC GROUP COUNT           two static members; COUNT messages for each partition
admin BOOTSTRAP                              topics, their settings and offsets, groups

Each prints what was seen as one JSON object.
"""

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

DEADLINE_S = 20
REQUEST_TIMEOUT_S = 10


class Member:
    """Polled by hand; keeps what it holds, each change of that, and what it has read."""

    def __init__(self, bootstrap, topic, group, strategy="range", instance=None):
        self.held = set()
        self.changes = []
        self.read = []
        self.fenced = False
        settings = {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "partition.assignment.strategy": strategy,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 200,
            "fetch.wait.max.ms": 100,
            "topic.metadata.refresh.interval.ms": -1,
        }
        if instance is not None:
            settings["group.instance.id"] = instance
        self.consumer = Consumer(settings)
        self.consumer.subscribe([topic], on_assign=self.on_assign, on_revoke=self.on_revoke)

    def on_assign(self, _consumer, partitions):
        taken = {each.partition for each in partitions}
        self.held |= taken
        self.changes.append({"kind": "assigned", "partitions": sorted(taken)})

    def on_revoke(self, _consumer, partitions):
        given = {each.partition for each in partitions}
        self.held -= given
        self.changes.append({"kind": "revoked", "partitions": sorted(given)})

    def poll(self):
        message = self.consumer.poll(0.02)
        if message is None:
            return
        if message.error() is None:
            self.read.append([message.partition(), message.offset()])
        elif message.error().code() == KafkaError._FATAL or message.error().fatal():
            self.fenced = True
        else:
            sys.exit(str(message.error()))

    def commit(self):
        self.consumer.commit(asynchronous=False)

    def summary(self):
        return {"changes": self.changes, "read": self.read}


def until(what, members, condition):
    ends_at = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > ends_at:
            seen = [{"held": sorted(each.held), "read": len(each.read)} for each in members]
            sys.exit(f"not so in time: {what}: {seen}")
        for member in members:
            member.poll()


def group(bootstrap, topic, group_id, strategy, count):
    count = int(count)
    one = Member(bootstrap, topic, group_id, strategy)
    until("one has read everything", [one], lambda: len(one.read) == count)
    everything = set(one.held)
    one.commit()
    two = Member(bootstrap, topic, group_id, strategy)
    shared = lambda: one.held and two.held and one.held | two.held == everything
    until("the two share", [one, two], shared)
    described = describe(AdminClient({"bootstrap.servers": bootstrap}), group_id)
    one.consumer.close()
    until("two has taken over", [two], lambda: two.held == everything)
    committed = two.consumer.committed([TopicPartition(topic, each) for each in sorted(everything)])
    two.consumer.close()
    return {
        "one": one.summary(),
        "two": two.summary(),
        "described": described,
        "committed": [each.offset for each in committed],
    }


def static(bootstrap, topic, group_id, count):
    count = int(count)
    join = lambda instance: Member(bootstrap, topic, group_id, instance=instance)
    one, two = join("one"), join("two")
    until("the two share", [one, two], lambda: one.held and two.held)
    produce(bootstrap, topic, {each: count for each in one.held | two.held})
    share = lambda member: count * len(member.held)
    read_all = lambda: len(one.read) == share(one) and len(two.read) == share(two)
    until("the two have read everything", [one, two], read_all)
    one.commit()
    two.commit()
    held, before = sorted(two.held), len(one.changes)
    two.consumer.close()
    back = join("two")
    until("two is back", [one, back], lambda: back.held)
    kept = sorted(back.held) == held
    usurper = join("two")
    until("two is replaced", [one, back, usurper], lambda: back.fenced and usurper.held)
    rebalances = len(one.changes) - before
    kept = kept and sorted(usurper.held) == held
    described = describe(AdminClient({"bootstrap.servers": bootstrap}), group_id)
    for member in [one, usurper]:
        member.consumer.close()
    return {
        "keptItsPart": kept,
        "rebalances": rebalances,
        "readAgain": len(back.read) + len(usurper.read),
        "described": described,
    }


def describe(admin, group_id):
    described = admin.describe_consumer_groups([group_id])[group_id].result(REQUEST_TIMEOUT_S)
    members = [{
        "instanceId": each.group_instance_id,
        "partitions": sorted(part.partition for part in each.assignment.topic_partitions),
    } for each in described.members]
    return {
        "state": described.state.name,
        "assignor": described.partition_assignor,
        "members": sorted(members, key=lambda each: each["partitions"]),
    }


def produce(bootstrap, topic, counts):
    producer = Producer({"bootstrap.servers": bootstrap})
    for partition, count in counts.items():
        for _ in range(count):
            producer.produce(topic, b"value", partition=partition)
    if producer.flush(REQUEST_TIMEOUT_S) > 0:
        sys.exit("not everything was produced")


def admin(bootstrap):
    client = AdminClient({"bootstrap.servers": bootstrap})
    topic, group_id = f"admin-{uuid.uuid4()}", f"group-{uuid.uuid4()}"
    done = lambda futures: [each.result(REQUEST_TIMEOUT_S) for each in futures.values()]
    seen = {}

    done(client.create_topics([NewTopic(topic, 2, 1, config={"max.message.bytes": "2000"})]))
    again = client.create_topics([NewTopic(topic, 2, 1)])[topic]
    seen["createdAgain"] = again.exception(REQUEST_TIMEOUT_S).args[0].name()
    done(client.create_partitions([NewPartitions(topic, 3)]))
    seen["partitions"] = len(client.list_topics(topic, REQUEST_TIMEOUT_S).topics[topic].partitions)

    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
        ConfigEntry("retention.ms", "-1", incremental_operation=AlterConfigOpType.SET),
    ])
    done(client.incremental_alter_configs([resource]))
    described = done(client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))[0]
    seen["configs"] = {name: described[name].value for name in ["max.message.bytes", "retention.ms"]}

    produce(bootstrap, topic, {0: 10})
    part = TopicPartition(topic, 0)
    at = lambda spec: done(client.list_offsets({part: spec}))[0].offset
    seen["offsets"] = [at(OffsetSpec.earliest()), at(OffsetSpec.latest())]
    done(client.delete_records([TopicPartition(topic, 0, 4)]))
    seen["earliestAfterDeletion"] = at(OffsetSpec.earliest())

    offsets = ConsumerGroupTopicPartitions(group_id, [TopicPartition(topic, 0, 7)])
    done(client.alter_consumer_group_offsets([offsets]))
    listed = done(client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id)]))[0]
    seen["groupOffsets"] = [[each.partition, each.offset] for each in listed.topic_partitions]
    groups = client.list_consumer_groups().result(REQUEST_TIMEOUT_S).valid
    seen["groupListed"] = group_id in [each.group_id for each in groups]
    done(client.delete_consumer_groups([group_id]))
    groups = client.list_consumer_groups().result(REQUEST_TIMEOUT_S).valid
    seen["groupListedAfterDeletion"] = group_id in [each.group_id for each in groups]

    done(client.delete_topics([topic]))
    seen["topicListedAfterDeletion"] = topic in client.list_topics(timeout=REQUEST_TIMEOUT_S).topics
    return seen


print(json.dumps({"group": group, "static": static, "admin": admin}[sys.argv[1]](*sys.argv[2:])))
