import { WorkLife } from "@tutti/machine-work";
import { hasEnded, type MissionView, statusOf } from "../core/state/state.ts";
import { missionErrors } from "../errors.ts";

/** The life cycle that missions share with other work. */
export const life: WorkLife<MissionView> = new WorkLife<MissionView>({
  errors: {
    missing: missionErrors.missionMissing,
    ended: missionErrors.missionEnded,
    goesOn: missionErrors.missionGoesOn,
    conflict: missionErrors.missionConflict,
    cancelled: missionErrors.cancelled,
    terminated: missionErrors.terminated,
  },
  statusOf,
  hasEnded,
});
