import { counted, type TuttiError } from "@tutti/kernel";

/** State of a connection. Operations are possible only in `connected`. The other states contain the reason. */
export type ConnectionState =
  | { readonly kind: "created" }
  /** Not connected since the start, trying. */
  | { readonly kind: "connecting"; readonly attempts: number; readonly lastError: TuttiError | undefined }
  | { readonly kind: "connected"; readonly server: string; readonly version: string }
  /** Was connected, and is reconnecting. */
  | {
      readonly kind: "disconnected";
      readonly sinceMs: number;
      readonly attempts: number;
      readonly reason: string;
    }
  /** Found a forbidden server, and is looking for another one. */
  | { readonly kind: "refused"; readonly error: TuttiError }
  | { readonly kind: "stopped" };

/** Returns why no request is possible now, as text for an error or a health report. */
export function disconnectReason(state: ConnectionState): string {
  switch (state.kind) {
    case "created":
      return "the connection is not started";
    case "connecting":
      return `no connection since the start, after ${counted(state.attempts, "attempt")}${
        state.lastError === undefined ? "" : ` (${state.lastError.message})`
      }`;
    case "connected":
      return "connected";
    case "disconnected":
      return `the connection is lost (${state.reason})`;
    case "refused":
      return state.error.message;
    case "stopped":
      return "the connection is stopped";
  }
}
