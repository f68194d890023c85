import type { Standing } from "@tutti/rest/client";
import type { Told } from "./model.ts";

/** Prints the progress of a run or a session. */
export interface Teller {
  /** Whether what it shows says how it ended. */
  readonly showsEnd: boolean;
  changed(model: Told): void;
  /** The connection is there, or it is not, for this reason, and is tried again. */
  standing(standing: Standing, error?: unknown): void;
  /** Why nothing runs, and what helps. None if something does. */
  stuck(lines: readonly string[]): void;
  /** Nothing more is told. */
  end(model: Told): void;
}
