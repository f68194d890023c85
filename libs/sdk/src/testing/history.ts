/** Histories of runs: from a test, a file or the service. */

import type { DefinitionInput } from "./definitions.ts";
import { WorkflowTestError } from "./fault.ts";

/** An event of a history. */
export interface HistoryEventInput {
  readonly type: string;
  readonly version: number;
  /** The encoded message. In base64 where it is text. */
  readonly payload: Uint8Array | string;
}

/** A history in a file: JSON. */
export interface RunHistory {
  readonly key: { readonly namespace: string; readonly kind: string; readonly id: string };
  readonly events: readonly HistoryEventInput[];
  /** The definition of the recorded run, if it is known. */
  readonly definition?: DefinitionInput;
}

/** A history, or its events alone, such as those of `run.history()` of the client. */
export type HistoryInput = RunHistory | readonly HistoryEventInput[];

export interface PlainEvent {
  readonly type: string;
  readonly version: number;
  readonly payload: Uint8Array;
}

export function plainEvents(history: HistoryInput): readonly PlainEvent[] {
  const events = isList(history) ? history : history.events;
  const [first] = events;
  if (first?.type !== "run_started")
    throw new WorkflowTestError(
      `expected the history of a run from its first event, run_started, got ${first?.type ?? "no event"}`,
    );
  return events.map(({ type, version, payload }) => ({
    ...{ type, version },
    payload: typeof payload === "string" ? new Uint8Array(Buffer.from(payload, "base64")) : payload,
  }));
}

export function isList(history: HistoryInput): history is readonly HistoryEventInput[] {
  return Array.isArray(history);
}
