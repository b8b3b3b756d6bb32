import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own producer for tests, see java_producer.ts. Messages on standard input, acknowledgements as JSON lines. */
public class Producer {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", args[0],
        "acks", "all",
        "compression.type", args[2],
        "linger.ms", 5,
        "delivery.timeout.ms", 90_000);
    String topic = args[1];
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    AtomicReference<Exception> failure = new AtomicReference<>();
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, bytes, bytes);
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split("\t");
        Integer partition = fields[0].equals("-1") ? null : Integer.valueOf(fields[0]);
        byte[] key = decode(fields[1]);
        String eventId = fields[3];
        producer.send(
            new ProducerRecord<>(topic, partition, key, decode(fields[2])),
            (stored, error) -> {
              if (error != null) failure.compareAndSet(null, error);
              else out.println(acknowledgement(stored.partition(), stored.offset(), key, eventId));
            });
      }
    }
    out.flush();
    if (failure.get() != null) throw failure.get();
  }

  private static byte[] decode(String field) {
    return field.equals("-") ? null : Base64.getDecoder().decode(field.substring(1));
  }

  private static String acknowledgement(int partition, long offset, byte[] key, String eventId) {
    String shownKey = key == null ? "null" : quote(new String(key, StandardCharsets.UTF_8));
    return "{\"partition\":" + partition + ",\"offset\":" + offset + ",\"key\":" + shownKey
        + ",\"event_id\":" + quote(eventId) + "}";
  }

  private static String quote(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
