export { limitErrors } from "./errors.ts";
export * from "./hold/commands.ts";
export { declineLimit, grantLimit, withdrawLimit } from "./letters.ts";
export * from "./limits.ts";
export { limit } from "./machine.ts";
export { removeLimit, setLimit } from "./rule/commands.ts";
export { type LimitPlace, type LimitUsage, type PlacesWanted, places, usage } from "./rule/queries.ts";
export type { Hold, Limit } from "./state.ts";
