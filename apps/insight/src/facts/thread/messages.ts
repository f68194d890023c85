/** Requests and replies of the thread of facts. */
import type { FactBatch } from "../fact-store.ts";
import type { FactRow } from "../tables.ts";

export interface FactThreadData {
  readonly file: string;
}

export interface FactCalls {
  readonly record: { readonly request: FactBatch; readonly answer: undefined };
  readonly cursors: { readonly request: undefined; readonly answer: Record<string, number> };
  /** Rows of the table of agents that are not gone. */
  readonly agents: { readonly request: undefined; readonly answer: readonly FactRow[] };
  readonly sweep: { readonly request: number; readonly answer: number };
}

export type FactCall = keyof FactCalls;

export type ToFactThread = {
  [Call in FactCall]: {
    readonly id: number;
    readonly call: Call;
    readonly request: FactCalls[Call]["request"];
  };
}[FactCall];
