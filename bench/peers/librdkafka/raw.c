/*
 * librdkafka as a peer, see bench/README.md: takes the messages, and looks at none. Nothing that uses it can be cheaper.
 * The few declarations are from its rdkafka.h, which Python's package does not bring.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct rd_kafka rd_kafka_t;
typedef struct rd_kafka_conf rd_kafka_conf_t;
typedef struct rd_kafka_queue rd_kafka_queue_t;
typedef struct rd_kafka_topic_partition_list rd_kafka_topic_partition_list_t;

typedef struct {
  int err;
  void *topic;
  int32_t partition;
  void *payload;
  size_t len;
  void *key;
  size_t key_len;
  int64_t offset;
  void *opaque;
} rd_kafka_message_t;

enum { RD_KAFKA_CONSUMER = 1, RD_KAFKA_CONF_OK = 0, RD_KAFKA_PARTITION_UA = -1 };

rd_kafka_conf_t *rd_kafka_conf_new(void);
int rd_kafka_conf_set(rd_kafka_conf_t *, const char *, const char *, char *, size_t);
rd_kafka_t *rd_kafka_new(int, rd_kafka_conf_t *, char *, size_t);
int rd_kafka_poll_set_consumer(rd_kafka_t *);
rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int);
void *rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t *, const char *, int32_t);
int rd_kafka_subscribe(rd_kafka_t *, const rd_kafka_topic_partition_list_t *);
rd_kafka_queue_t *rd_kafka_queue_get_consumer(rd_kafka_t *);
ptrdiff_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *, int, rd_kafka_message_t **, size_t);
void rd_kafka_message_destroy(rd_kafka_message_t *);

enum { BATCH = 1000, WAIT_MS = 100, SLEEP_SECONDS = 600 };

static void fail(const char *text) {
  fprintf(stderr, "%s\n", text);
  exit(1);
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) fail(name);
  return value;
}

int main(void) {
  char text[512];
  const char *settings[][2] = {
      {"bootstrap.servers", variable("BENCH_BROKERS")},
      {"group.id", variable("BENCH_GROUP")},
      {"auto.offset.reset", "earliest"},
  };
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    int result = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text);
    if (result != RD_KAFKA_CONF_OK) fail(text);
  }
  rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (consumer == NULL) fail(text);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, variable("BENCH_TOPIC"), RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(consumer, topics) != 0) fail("Cannot subscribe");

  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
  rd_kafka_message_t *messages[BATCH];
  long wanted = atol(variable("BENCH_MESSAGES"));
  long handled = 0;
  while (handled < wanted) {
    ptrdiff_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, BATCH);
    long before = handled;
    for (ptrdiff_t i = 0; i < count; i++) {
      if (messages[i]->err == 0) handled++;
      rd_kafka_message_destroy(messages[i]);
    }
    if (before == 0 && handled > 0) {
      puts("@bench {\"at\":\"first\"}");
      fflush(stdout);
    }
  }
  printf("@bench {\"at\":\"done\",\"handled\":%ld,\"rejected\":0,\"checksum\":null}\n", handled);
  fflush(stdout);
  sleep(SLEEP_SECONDS);
  return 0;
}
