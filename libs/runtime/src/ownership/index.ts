export { epochRoom, journalEpochOf, tableEpochOf } from "./epochs.ts";
export { ownershipErrors } from "./errors.ts";
export { LeasedSteward, type LeasedStewardParts } from "./leased-steward.ts";
export {
  type Move,
  type MoveReason,
  type PlanHolder,
  type PlanLimits,
  type PlanPartition,
  type PlanView,
  plan,
} from "./planning/plan.ts";
export {
  type BalanceSettings,
  type OwnershipSettings,
  type OwnershipValues,
  ownershipSection,
  ownershipSettings,
} from "./settings.ts";
export { SoleSteward, type SoleStewardParts } from "./sole-steward.ts";
export type { Asked, Ownership, Steward } from "./steward.ts";
export { MemoryOwnershipStore, SharedKeys, type StoreFaults } from "./store/memory-store.ts";
export type { OwnershipStore, StoreChange, StoredValue } from "./store/port.ts";
