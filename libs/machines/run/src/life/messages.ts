import { BeginRun } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";

/** Begins a run, from wherever: a caller, or the run that it goes on from. */
export const beginMessage: Message<BeginRun> = { type: "begin_run", codec: BeginRun };
