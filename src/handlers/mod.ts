/** Which handler processes which event: the place to add your own. docs/handlers.md shows how. */
import { handler, type Handlers } from "../processing/handler.ts";
import { display } from "./display.ts";

/** The handlers of this service. Environment is the setting ENVIRONMENT. */
export function createHandlers({ environment }: { readonly environment: string }): Handlers {
  return {
    byType: {},
    default: handler({ dryRunnable: true, handle: display({ environment }) }),
  };
}
