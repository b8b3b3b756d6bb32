import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends the messages of a file by Kafka's own producer, until there are enough; see data/message_file.ts. */
public class Produce {
  private record Message(byte[] key, byte[] value, List<Header> headers) {}

  /** About a thousand messages a batch: it counts them before they are packed. */
  private static final int BATCH_BYTES = 800_000;

  public static void main(String[] args) throws Exception {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", args[0],
        "compression.type", "snappy",
        "linger.ms", 5000,
        "batch.size", BATCH_BYTES,
        "delivery.timeout.ms", 120_000);
    String topic = args[1];
    List<Message> pool = read(Path.of(args[2]));
    int count = Integer.parseInt(args[3]);
    int partitions = Integer.parseInt(args[4]);
    AtomicReference<Exception> failure = new AtomicReference<>();
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, bytes, bytes)) {
      for (int index = 0; index < count; index++) {
        Message message = pool.get(index % pool.size());
        int partition = index % partitions;
        producer.send(
            new ProducerRecord<>(
                topic, partition, message.key(), message.value(), message.headers()),
            (stored, error) -> {
              if (error != null) failure.compareAndSet(null, error);
            });
      }
    }
    if (failure.get() != null) throw failure.get();
  }

  private static List<Message> read(Path path) throws IOException {
    List<Message> pool = new ArrayList<>();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(path)))) {
      int count = in.readInt();
      for (int index = 0; index < count; index++) {
        byte[] key = sized(in);
        byte[] value = sized(in);
        List<Header> headers = new ArrayList<>();
        int headerCount = in.readInt();
        for (int header = 0; header < headerCount; header++) {
          String name = new String(sized(in), StandardCharsets.UTF_8);
          headers.add(new RecordHeader(name, sized(in)));
        }
        pool.add(new Message(key, value, headers));
      }
    }
    return pool;
  }

  private static byte[] sized(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }
}
