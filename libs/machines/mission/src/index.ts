export type { BoardProfile, MissionEffect, OfferBoardTask, StartMissionChild } from "./effects.ts";
export { missionErrors } from "./errors.ts";
