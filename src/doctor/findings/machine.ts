/** The part of the table that is about this machine. */
import { EXIT } from "../../ops/exit.ts";
import type { Finding } from "../finding.ts";

const { CONFIG } = EXIT;

export const MACHINE_FINDINGS = {
  settings_invalid: {
    section: "This machine",
    title: "A setting cannot work, or is misspelt",
    status: "failed",
    exitCode: CONFIG,
    fix: "Correct what is named; `help` lists every setting",
    commands: ["processing-service config"],
  },
  settings_unknown: {
    section: "This machine",
    title: "A variable looks like a setting, and nobody reads it",
    status: "warning",
    exitCode: CONFIG,
    fix: "Correct its name, or take it out",
    commands: ["processing-service config"],
  },
  offsets_not_committed: {
    section: "This machine",
    title: "Offsets are not committed: everything comes again after a restart",
    status: "warning",
    exitCode: CONFIG,
    fix: "Set ENABLE_AUTO_COMMIT=true, outside of trials; commits happen only after processing",
    commands: [],
  },
  own_certificate_expires: {
    section: "This machine",
    title: "The client certificate is about to expire",
    status: "warning",
    exitCode: CONFIG,
    fix: "Renew the certificate of KAFKA_TLS_CERT; from a file it is read again at each connection",
    commands: ["openssl x509 -noout -subject -enddate -in <file of KAFKA_TLS_CERT>"],
  },
  permission_missing: {
    section: "This machine",
    title: "Deno does not permit to reach a broker",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Allow the address in --allow-net, or start the service with the permissions of `deno task start`",
    commands: ["deno run $(cat tools/permissions.txt) main.ts doctor"],
  },
  codec_broken: {
    section: "This machine",
    title: "A codec for compressed batches does not work here",
    status: "failed",
    exitCode: CONFIG,
    fix: "Report the platform; snappy, lz4, gzip and zstd need nothing to be installed",
    commands: ["deno --version"],
  },
  http_port_taken: {
    section: "This machine",
    title: "Another program listens on the port for health",
    status: "failed",
    exitCode: CONFIG,
    fix: "Stop that program, or set HTTP_PORT to another port, or HTTP_PORT=off to serve no health",
    commands: ["ss -ltnp 'sport = :{port}'"],
  },
  http_port_own: {
    section: "This machine",
    title: "A Processing Service already serves health on this port",
    status: "warning",
    exitCode: CONFIG,
    fix: "If a second one is to run on this machine, give it an HTTP_PORT of its own",
    commands: ["processing-service healthcheck --http-port {port}"],
  },
  http_address_refused: {
    section: "This machine",
    title: "Health cannot be served on HTTP_HOST and HTTP_PORT",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Set HTTP_HOST to an address of this machine, or 0.0.0.0, and HTTP_PORT to one from 1024 on",
    commands: [],
  },
  files_limit: {
    section: "This machine",
    title: "Too few files and connections may be open at once",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Raise the limit: in the shell, as LimitNOFILE= of a systemd unit, or as --ulimit nofile= of a container",
    commands: ["ulimit -n 4096"],
  },
  clock_off: {
    section: "This machine",
    title: "The clocks of this machine and of the brokers differ",
    status: "failed",
    exitCode: CONFIG,
    fix:
      "Set the clock that is wrong, by NTP: certificates look expired, and from an hour on brokers refuse dead letters",
    commands: ["timedatectl set-ntp true"],
  },
} as const satisfies Readonly<Record<string, Finding>>;
