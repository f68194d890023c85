import type { Caller } from "../access/access.ts";

/** Throws where somebody may not follow the events of a namespace. */
export type Insist = (caller: Caller | undefined, namespace: string) => void;
