import { UpdateTakenV1 } from "@tutti/contracts/workflow/v1";
import { blobsOf } from "@tutti/machine-work";
import { changeVars, moreOf, type RunEvent } from "../../core/state/state.ts";

/** Records an update that took effect. */
export const updateTaken: RunEvent<UpdateTakenV1> = {
  type: "update_taken",
  version: 1,
  codec: UpdateTakenV1,
  blobs: ({ payload }) => blobsOf(payload),
  evolve(run, { number, vars }) {
    const more = moreOf(run);
    more.lastUpdate = number;
    changeVars(run, vars);
  },
};
