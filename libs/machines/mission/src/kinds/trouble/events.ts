import { TroubleEndedV1, TroubleFoundV1 } from "@tutti/contracts/swarm/v1";
import { returnQueued } from "../../core/board/flow.ts";
import type { MissionEvent } from "../../core/state/state.ts";
import { armStuck } from "./stuck.ts";

export const troubleFound: MissionEvent<TroubleFoundV1> = {
  type: "trouble_found",
  version: 1,
  codec: TroubleFoundV1,
  described: true,
  evolve(mission, { trouble, holds }, outstanding) {
    mission.trouble = trouble;
    mission.troubleHolds = holds;
    if (holds) returnQueued(mission, outstanding);
    armStuck(mission, outstanding);
  },
};

/** Counts restart from zero. */
export const troubleEnded: MissionEvent<TroubleEndedV1> = {
  type: "trouble_ended",
  version: 1,
  codec: TroubleEndedV1,
  described: true,
  evolve(mission, { endMs }, outstanding) {
    mission.trouble = "";
    mission.troubleHolds = false;
    mission.repetitions.clear();
    mission.progressMs = endMs;
    armStuck(mission, outstanding);
  },
};
