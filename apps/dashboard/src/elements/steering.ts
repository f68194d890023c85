/** The actions on a mission or a session as a whole, as the page offers them. */
import { type Call, commandLine, pathOf } from "./spelled.ts";

export interface Steering {
  readonly verb: "pause" | "resume" | "cancel" | "terminate" | "retry";
  readonly label: string;
  readonly weight: "main" | "plain" | "grave";
  /** The question of the confirmation dialog. */
  readonly question: string;
  readonly doneText: string;
}

/** The target of an action. `kind` is the first segment of its routes. */
export interface Steered {
  readonly kind: "missions" | "sessions";
  readonly id: string;
}

export function steeringCall({ kind, id }: Steered, { verb }: Steering, reason: string): Call {
  return { method: "POST", path: pathOf([kind, id, verb]), body: reason === "" ? {} : { reason } };
}

export function steeringCommand({ id }: Steered, { verb }: Steering, reason: string): string {
  const args = verb === "terminate" ? ["cancel", id, "--now"] : [verb, id];
  return commandLine("tutti", ...args, ...(reason === "" ? [] : ["--reason", reason]));
}
