export type { Stored as Kept } from "../kit/stored.ts";
export { poolErrors } from "./errors.ts";
export { holdAgent, releaseAgent } from "./hold/holds.ts";
export { createHook, deleteHook, updateHook } from "./hook/hooks.ts";
export { deleteInbox, setInbox } from "./inbox/inboxes.ts";
export { deletePoolLimit, setPoolLimit } from "./limit/limits.ts";
export { reserveStarts } from "./limit/reservations.ts";
export { pool } from "./machine.ts";
export { noteScalings } from "./past/commands.ts";
export { type Crashes, noPast, type ScalerPast } from "./past/past.ts";
export { contents } from "./queries.ts";
export { createScaler, deleteScaler, updateScaler } from "./scaler/scalers.ts";
export { createPool, deletePool, pausePool, resumePool, updatePool } from "./settings/commands.ts";
export {
  type AgentHold,
  newPool,
  type Pause,
  type Pool,
  type PoolView,
} from "./state.ts";
