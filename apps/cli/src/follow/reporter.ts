import type { ConnectionState } from "@tutti/rest/client";
import type { Reported } from "./model.ts";

/** Reports the progress of a run, mission or session. */
export interface Reporter {
  /** Whether its last report shows the outcome. */
  readonly showsEnd: boolean;
  changed(model: Reported): void;
  /** Reports that the stream is connected, or disconnected with the reason, before the next retry. */
  connectionChanged(state: ConnectionState, error?: unknown): void;
  /** Reports why there is no progress, and the next action. Empty if there is progress. */
  stuck(lines: readonly string[]): void;
  /** Reports nothing after this call. */
  close(model: Reported): void;
}
