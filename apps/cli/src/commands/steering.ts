import type { BulkActionInput, Mission, Run } from "@tutti/rest/types";
import type { Server } from "../server/calls.ts";

export type Steered = Run | Mission;

/** What is done to one run or mission, or to many runs. */
export interface Steering {
  /** For the one who asks: `retried`. */
  readonly done: string;
  readonly one: (server: Server, id: string) => Promise<Steered | undefined>;
  readonly many: BulkActionInput;
}
