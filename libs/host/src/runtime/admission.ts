import { type CallContext, type InstanceKey, notOwnerOf } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** The hosts of the machines of a call. */
export interface Hosting {
  readonly partitionOwner: PartitionOwner;
  readonly runtime: Pick<RuntimeOfService, "service" | "partitionOf">;
}

/**
 * Runs a handler of a keyed call. It starts at once if this process owns the partition, and waits if it is about to own
 * it. Otherwise, or if the partition leaves meanwhile, it redirects the caller to the owner. So a caller with an old
 * table reaches the owner with one more hop.
 */
export async function whenOwned<Reply>(
  { partitionOwner, runtime }: Hosting,
  key: InstanceKey,
  context: Pick<CallContext, "signal" | "ownerEpoch">,
  work: () => Reply | Promise<Reply>,
): Promise<Reply> {
  const { service } = runtime;
  const partition = runtime.partitionOf(key);
  const request = { epoch: context.ownerEpoch ?? 0, signal: context.signal };
  for (;;) {
    if (!partitionOwner.owns(service, partition)) await partitionOwner.admit(service, partition, request);
    try {
      return await work();
    } catch (error) {
      // Nothing was done. The next admission names the new owner as soon as it is known.
      const hasMoved = runtimeErrors.leaving.is(error) || notOwnerOf(error) !== undefined;
      if (!hasMoved || partitionOwner.owns(service, partition)) throw error;
    }
  }
}
