/** What the thread of facts is asked. */
import type { FactBatch } from "../fact-store.ts";

export interface FactThreadData {
  readonly file: string;
}

export interface FactCalls {
  readonly record: { readonly asked: FactBatch; readonly answer: undefined };
  readonly cursors: { readonly asked: undefined; readonly answer: Record<string, number> };
  readonly sweep: { readonly asked: number; readonly answer: number };
}

export type FactCall = keyof FactCalls;

export type ToFactThread = {
  [Call in FactCall]: { readonly id: number; readonly call: Call; readonly asked: FactCalls[Call]["asked"] };
}[FactCall];
