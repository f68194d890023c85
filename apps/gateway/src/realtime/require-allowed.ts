import type { Problem } from "@tutti/kernel";
import type { Caller } from "../access/access.ts";

/** Throws if the caller may not follow the events of a namespace. */
export type RequireAllowed = (caller: Caller, namespace: string) => void;

/** Streams that stay open while the caller has the right. */
export interface StreamAccess {
  /** Throws if the caller has lost the right. */
  readonly requireAllowed: () => void;
  /** The message that reports it. */
  readonly problem: (problem: Problem) => Uint8Array;
}
