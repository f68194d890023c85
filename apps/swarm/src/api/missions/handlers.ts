import type { missionService } from "@tutti/contracts/swarm/v1";
import { cancelMission, pauseMission, resumeMission, terminateMission } from "@tutti/machine-mission";
import type { Handlers } from "@tutti/mesh";
import { decide, listApprovals } from "./approvals.ts";
import { type MissionDependencies, missionNamed } from "./dependencies.ts";
import { explain } from "./explaining.ts";
import { listMissions, watchMissions } from "./listing.ts";
import { startMission } from "./starting.ts";
import { remove, signal, steer } from "./steering.ts";
import { timeline } from "./timeline.ts";
import { awaitMission, watchMission } from "./waiting.ts";

export function missionHandlers(dependencies: MissionDependencies): Handlers<typeof missionService> {
  return {
    startMission: (request, context) => startMission(dependencies, request, context),
    getMission: async ({ missionId, atEvent }, context) => ({
      mission: await missionNamed(dependencies, missionId, context, atEvent),
    }),
    listMissions: (request, context) => listMissions(dependencies, request, context),
    watchMissions: (request, context) => watchMissions(dependencies, request, context),
    watchMission: (request, context) => watchMission(dependencies, request, context),
    awaitMission: (request, context) => awaitMission(dependencies, request, context),
    signalMission: (request, context) => signal(dependencies, request, context),
    pauseMission: (request, context) => steer(dependencies, pauseMission, request, context),
    resumeMission: (request, context) => steer(dependencies, resumeMission, request, context),
    cancelMission: (request, context) => steer(dependencies, cancelMission, request, context),
    terminateMission: (request, context) => steer(dependencies, terminateMission, request, context),
    deleteMission: (request, context) => remove(dependencies, request, context),
    explainMission: async (request, context) => ({
      explanation: await explain(dependencies, request, context),
    }),
    getMissionTimeline: (request, context) => timeline(dependencies, request, context),
    listMissionApprovals: (request, context) => listApprovals(dependencies, request, context),
    decideMissionApproval: (request, context) => decide(dependencies, request, context),
  };
}
