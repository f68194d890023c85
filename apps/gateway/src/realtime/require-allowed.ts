import type { Problem } from "@tutti/kernel";
import type { Caller } from "../access/access.ts";

/** Throws where somebody may not follow the events of a namespace. */
export type RequireAllowed = (caller: Caller, namespace: string) => void;

/** What is open as long as somebody may have it. */
export interface Held {
  /** Throws where they may no more. */
  readonly requireAllowed: () => void;
  /** How that is told. */
  readonly problem: (problem: Problem) => Uint8Array;
}
