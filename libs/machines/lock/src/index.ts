export { resolveDeadlock } from "./book/commands.ts";
export { deadlocks } from "./book/machine.ts";
export { type DeadlockFilter, found } from "./book/queries.ts";
export {
  commonEntries,
  nameOfWork,
  type ObservedLock,
  observationOf,
} from "./circle/observation.ts";
export { type FoundDeadlock, findDeadlocks } from "./circle/victims.ts";
export { deadlockErrors, lockErrors } from "./errors.ts";
export { acquire, breakHold, endWork, release, renew } from "./hold/commands.ts";
export * from "./limits.ts";
export { lock } from "./machine.ts";
export { setPermits } from "./permits/commands.ts";
export { type LockStatus, lockStatus, obstacle } from "./queries.ts";
export type { Lock } from "./state.ts";
export { giveWay, leaveLine } from "./waiting/commands.ts";
