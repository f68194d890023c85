export { epochRoom, journalEpochOf, tableEpochOf } from "./epochs.ts";
export { ownershipErrors } from "./errors.ts";
export { LeasedPartitionOwner, type LeasedPartitionOwnerParts } from "./leased-partition-owner.ts";
export type { AdmissionRequest, Ownership, PartitionOwner } from "./partition-owner.ts";
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
export { SolePartitionOwner, type SolePartitionOwnerParts } from "./sole-partition-owner.ts";
export { MemoryOwnershipStore, SharedKeys, type StoreFaults } from "./store/memory-store.ts";
export type { OwnershipStore, StoreChange, StoredValue } from "./store/port.ts";
