import type { Standing } from "@tutti/rest/client";
import type { WatchRunReply } from "@tutti/rest/types";
import type { RunModel } from "./run-model.ts";

/** Tells somebody how a run goes. */
export interface Teller {
  /** Whether what it shows says how the run ended. */
  readonly showsEnd: boolean;
  changed(model: RunModel, change: Partial<WatchRunReply>): void;
  /** The connection is there, or it is not and is tried again. */
  standing(standing: Standing): void;
  /** Nothing more is told. */
  end(model: RunModel): void;
}
