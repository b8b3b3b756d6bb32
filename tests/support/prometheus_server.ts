/** A Prometheus that scrapes one service, and answers queries. Disposing it ends it and deletes its data. */
import { eventually } from "./eventually.ts";
import { freePorts } from "./free_ports.ts";
import { prometheusProgram } from "./prometheus.ts";

const START_WITHIN_MS = 30_000;

export class PrometheusServer implements AsyncDisposable {
  readonly #url: string;
  readonly #directory: string;
  readonly #child: Deno.ChildProcess;

  private constructor(url: string, { directory, child }: {
    readonly directory: string;
    readonly child: Deno.ChildProcess;
  }) {
    this.#url = url;
    this.#directory = directory;
    this.#child = child;
  }

  /** `target` is host:port, scraped every `everySeconds`. */
  static async start(target: string, everySeconds: number): Promise<PrometheusServer> {
    const directory = await Deno.makeTempDir({ prefix: "prometheus-" });
    const [port] = freePorts(1);
    const config = `scrape_configs:\n  - job_name: processing-service\n` +
      `    scrape_interval: ${everySeconds}s\n    scrape_timeout: ${everySeconds}s\n` +
      `    static_configs:\n      - targets: ["${target}"]\n`;
    await Deno.writeTextFile(`${directory}/prometheus.yml`, config);
    const child = new Deno.Command(await prometheusProgram("prometheus"), {
      args: [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const server = new PrometheusServer(`http://127.0.0.1:${port}`, { directory, child });
    const isUp = async () => await server.query("up").catch(() => null) === 1;
    await eventually("Prometheus has scraped the service", isUp, { withinMs: START_WITHIN_MS });
    return server;
  }

  /** The value of the one series that the expression has now; null when there is none. */
  async query(expression: string): Promise<number | null> {
    const url = `${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, data, error } = await (await fetch(url)).json();
    if (status !== "success") throw new Error(`Cannot query ${expression}: ${error}`);
    const [series, another] = data.result;
    if (another !== undefined) throw new Error(`More than one series: ${expression}`);
    return series === undefined ? null : Number(series.value[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}
