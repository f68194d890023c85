export { backUp, restore } from "./backup/backup.ts";
export { importData } from "./backup/import.ts";
export { clusterErrors } from "./errors.ts";
export { type ServiceName, type Shape, services, usualShape } from "./plan/shape.ts";
export { Cluster, type ClusterOptions } from "./running/cluster.ts";
export type { Member } from "./running/member.ts";
export { addressesOf, readinessOf } from "./running/readiness.ts";
