/** Compensations in the code of durable functions: registered under a name, and run as the step `NAME.run`. */
import type { EventFacts } from "./event.ts";
import { errorText } from "./step-text.ts";
import { record, text } from "./values.ts";

export interface CodeCompensation {
  /** Task of the function. */
  readonly task: string;
  readonly name: string;
  /** Empty if it completed. */
  readonly error: string;
}

/** Returns the compensations that have run, in order. */
export function compensationsOf(events: readonly EventFacts[]): readonly CodeCompensation[] {
  const registered = new Map<string, string>();
  const ran: CodeCompensation[] = [];
  for (const { type, task, details } of events) {
    if (type !== "step_recorded") continue;
    const entry = record(details["entry"]);
    const id = text(entry["id"]);
    if (entry["kind"] === "FUNCTION_ENTRY_KIND_UNDO") registered.set(`${task} ${id}.run`, id);
    const name = registered.get(`${task} ${id}`);
    if (name !== undefined) ran.push({ task, name, error: errorText(entry["error"]) });
  }
  return ran;
}
