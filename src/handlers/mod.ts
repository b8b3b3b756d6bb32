/** Which handler processes which `event_type`: the place to add your own. */
import type { Handlers } from "../processing/handler.ts";
import { displayHandler } from "./display.ts";

export function createHandlers({ environment }: { readonly environment: string }): Handlers {
  return { byType: {}, default: displayHandler(environment) };
}
