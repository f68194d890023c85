import type { BulkActionInput, Mission, Run, Session } from "@tutti/rest/types";
import type { Server } from "../server/calls.ts";

export type Steered = Run | Mission | Session;

/** What is done to one run, mission or session, or to many runs. */
export interface Steering {
  /** For the one who asks: `retried`. */
  readonly done: string;
  readonly one: (server: Server, id: string) => Promise<Steered | undefined>;
  readonly many: BulkActionInput;
}
