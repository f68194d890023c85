import type { CallContext, InstanceKey } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { Steward } from "@tutti/runtime/ownership";

/**
 * What a handler of a keyed call does before anything else: goes on at once where this process owns what the call is
 * about, waits while it is about to, and sends the caller to the owner elsewhere.
 */
export function admit(
  steward: Steward,
  runtime: Pick<RuntimeOfService, "service" | "partitionOf">,
  key: InstanceKey,
  context: Pick<CallContext, "signal" | "ownerEpoch">,
): Promise<void> | undefined {
  const partition = runtime.partitionOf(key);
  if (steward.holds(runtime.service, partition)) return undefined;
  return steward.admit(runtime.service, partition, {
    epoch: context.ownerEpoch ?? 0,
    signal: context.signal,
  });
}
