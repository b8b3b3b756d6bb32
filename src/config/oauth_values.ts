/** Values of the settings of OAUTHBEARER. */
import { ValueError, type ValueType } from "./values.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** An https URL; an http one only of this machine, as the request carries a secret. */
export function tokenEndpointUrl(): ValueType<string> {
  return {
    label: "https URL",
    placeholder: "URL",
    parse(value) {
      const url = URL.parse(value);
      const isSafe = url?.protocol === "https:" ||
        (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
      if (url === null || !isSafe) {
        throw new ValueError("an https URL, or an http one with a loopback address");
      }
      if (url.username !== "" || url.password !== "" || url.hash !== "") {
        throw new ValueError("a URL without user, password and fragment");
      }
      return url.href;
    },
    show: (value) => value,
  };
}

/** A SASL extension: goes to the brokers with the token. */
export interface Extension {
  readonly name: string;
  readonly value: string;
}

/** `logicalCluster=lkc-1`; what KIP-342 allows, less spaces and commas. */
export function saslExtension(): ValueType<Extension> {
  return {
    label: "name=value",
    placeholder: "NAME=VALUE",
    parse(text) {
      const [, name, value] = /^([A-Za-z]+)=([\x21-\x7e]+)$/.exec(text) ?? [];
      if (name === undefined || value === undefined || name === "auth") {
        throw new ValueError("name=value with a name of letters other than auth");
      }
      return { name, value };
    },
    show: ({ name, value }) => `${name}=${value}`,
  };
}
