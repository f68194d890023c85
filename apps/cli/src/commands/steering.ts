import type { BulkActionInput, Run } from "@tutti/rest/types";
import type { Server } from "../server/calls.ts";

/** What is done to one run, or to many. */
export interface Steering {
  /** For the one who asks: `retried`. */
  readonly done: string;
  readonly one: (server: Server, id: string) => Promise<Run | undefined>;
  readonly many: BulkActionInput;
}
