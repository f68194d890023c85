/** What a service knows of how its process shares what it owns with others. */
import { join } from "node:path";
import type { Configuration, Foundation } from "@tutti/kernel";
import { ownershipSection } from "@tutti/runtime/ownership";
import type { DataDirectory } from "../../data-directory.ts";
import { claimCopies } from "./copies-directory.ts";
import { clusterSection } from "./settings.ts";

export interface Sharing {
  /** Of everything in NATS. */
  readonly replicas: number;
  /** A folder for copies of what is in NATS: exclusive until it is stopped. */
  claimCopies(what: string): Promise<DataDirectory>;
}

/** Undefined where the process keeps everything by itself. */
export function sharingOf(
  configuration: Configuration,
  foundation: Pick<Foundation, "clock" | "logger" | "timers">,
): Sharing | undefined {
  if (configuration.read(ownershipSection).kind !== "leased") return;
  const { replicas, copies } = configuration.read(clusterSection);
  return { replicas, claimCopies: (what) => claimCopies(join(copies, what), foundation) };
}
