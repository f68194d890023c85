import type { Standing } from "@tutti/rest/client";
import type { Reported } from "./model.ts";

/** Reports the progress of a run, mission or session. */
export interface Reporter {
  /** Whether its last report shows the outcome. */
  readonly showsEnd: boolean;
  changed(model: Reported): void;
  /** The stream is connected, or it is not: with the reason, before the next try. */
  standing(standing: Standing, error?: unknown): void;
  /** Why it makes no progress, and what to do. Empty if it does. */
  stuck(lines: readonly string[]): void;
  /** Reports nothing after this call. */
  close(model: Reported): void;
}
