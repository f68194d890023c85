import { WorkLife } from "@tutti/machine-work";
import { runErrors } from "../../errors.ts";
import { hasEnded, type RunView, statusOf } from "./state.ts";

/** The life cycle that runs share with other work. */
export const life: WorkLife<RunView> = new WorkLife<RunView>({
  errors: {
    missing: runErrors.runMissing,
    ended: runErrors.runEnded,
    goesOn: runErrors.runGoesOn,
    conflict: runErrors.runConflict,
    cancelled: runErrors.cancelled,
    terminated: runErrors.terminated,
  },
  statusOf,
  hasEnded,
});
