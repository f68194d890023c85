import type { missionService } from "@tutti/contracts/swarm/v1";
import { cancelMission, pauseMission, resumeMission, terminateMission } from "@tutti/machine-mission";
import type { Handlers } from "@tutti/mesh";
import { decide, listApprovals } from "./approvals.ts";
import { type MissionDesk, missionNamed } from "./desk.ts";
import { explain } from "./explaining.ts";
import { listMissions, watchMissions } from "./listing.ts";
import { startMission } from "./starting.ts";
import { remove, signal, steer } from "./steering.ts";
import { timeline } from "./timeline.ts";
import { awaitMission, watchMission } from "./waiting.ts";

export function missionHandlers(desk: MissionDesk): Handlers<typeof missionService> {
  return {
    startMission: (request, context) => startMission(desk, request, context),
    getMission: async ({ missionId, atEvent }, context) => ({
      mission: await missionNamed(desk, missionId, context, atEvent),
    }),
    listMissions: (request, context) => listMissions(desk, request, context),
    watchMissions: (request, context) => watchMissions(desk, request, context),
    watchMission: (request, context) => watchMission(desk, request, context),
    awaitMission: (request, context) => awaitMission(desk, request, context),
    signalMission: (request, context) => signal(desk, request, context),
    pauseMission: (request, context) => steer(desk, pauseMission, request, context),
    resumeMission: (request, context) => steer(desk, resumeMission, request, context),
    cancelMission: (request, context) => steer(desk, cancelMission, request, context),
    terminateMission: (request, context) => steer(desk, terminateMission, request, context),
    deleteMission: (request, context) => remove(desk, request, context),
    explainMission: async (request, context) => ({ explanation: await explain(desk, request, context) }),
    getMissionTimeline: (request, context) => timeline(desk, request, context),
    listMissionApprovals: (request, context) => listApprovals(desk, request, context),
    decideMissionApproval: (request, context) => decide(desk, request, context),
  };
}
