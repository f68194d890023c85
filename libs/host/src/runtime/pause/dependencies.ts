import type { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Client, Mesh } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** What is asked to tell what is paused, and to release it. */
export interface PauseDependencies {
  readonly runtime: Runtime;
  readonly partitionOwner: PartitionOwner;
  readonly mesh: Pick<Mesh, "client">;
}

export type RuntimeClient = Client<typeof runtimeService>;

/**
 * Services whose machines do work. What others keep says who may do what, and has to be there for callers that look
 * into what is paused: it never is.
 */
export const workServices: readonly string[] = ["workflow", "swarm", "master"];
