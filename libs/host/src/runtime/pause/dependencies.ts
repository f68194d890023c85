import type { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Client, Mesh } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** What a handler needs to list paused work, and to release it. */
export interface PauseDependencies {
  readonly runtime: Runtime;
  readonly partitionOwner: PartitionOwner;
  readonly mesh: Pick<Mesh, "client">;
}

export type RuntimeClient = Client<typeof runtimeService>;

/**
 * Services whose machines do work. The machines of the others decide about rights. Callers that look into paused work
 * need them, so they are never paused.
 */
export const workServices: readonly string[] = ["workflow", "swarm", "master"];
