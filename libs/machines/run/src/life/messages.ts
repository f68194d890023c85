import { BeginRun } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";

/** Starts a run, from wherever: a caller, or the run that it continues from. */
export const beginMessage: Message<BeginRun> = { type: "begin_run", codec: BeginRun };
