export { limitErrors } from "./errors.ts";
export * from "./hold/commands.ts";
export * from "./limits.ts";
export { limit } from "./machine.ts";
export { declineLimit, grantLimit, withdrawLimit } from "./messages.ts";
export { removeLimit, setLimit } from "./rule/commands.ts";
export {
  type LimitPlace,
  type LimitUsage,
  type PlacesPage,
  places,
  usage,
} from "./rule/queries.ts";
export type { Hold, Limit } from "./state.ts";
