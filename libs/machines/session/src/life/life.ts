import { WorkLife } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { hasEnded, type SessionView, statusOf } from "../state.ts";

/** The life cycle that sessions share with other work. */
export const life: WorkLife<SessionView> = new WorkLife<SessionView>({
  errors: {
    missing: sessionErrors.missing,
    ended: sessionErrors.ended,
    goesOn: sessionErrors.goesOn,
    conflict: sessionErrors.conflict,
    cancelled: sessionErrors.cancelled,
    terminated: sessionErrors.terminated,
  },
  statusOf,
  hasEnded,
});
