import type { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Client, Mesh } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** Dependencies of a handler that lists paused work and releases it. */
export interface PauseDependencies {
  readonly runtime: Runtime;
  readonly partitionOwner: PartitionOwner;
  readonly mesh: Pick<Mesh, "client">;
}

export type RuntimeClient = Client<typeof runtimeService>;

/**
 * Services whose machines do work. The machines of the other services decide about rights. Callers that inspect paused
 * work need them, so they are never paused.
 */
export const workServices: readonly string[] = ["workflow", "swarm", "master"];
