/** Properties of a cluster's shared storage for services. */
import { join } from "node:path";
import type { Configuration, Foundation } from "@tutti/kernel";
import { ownershipSection } from "@tutti/runtime/ownership";
import type { DataDirectory } from "../../data-directory.ts";
import { claimCopies } from "./copies-directory.ts";
import { clusterSection } from "./settings.ts";

export interface SharedStorage {
  /** Replicas of everything in NATS. */
  readonly replicas: number;
  /** Claims a folder for copies of data in NATS: exclusive until it is stopped. */
  claimCopies(name: string): Promise<DataDirectory>;
}

/** Undefined for a single process. */
export function sharedStorageOf(
  configuration: Configuration,
  foundation: Pick<Foundation, "clock" | "logger" | "timers">,
): SharedStorage | undefined {
  if (configuration.read(ownershipSection).kind !== "leased") return;
  const { replicas, copies } = configuration.read(clusterSection);
  return { replicas, claimCopies: (name) => claimCopies(join(copies, name), foundation) };
}
