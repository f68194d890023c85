import type { Hook } from "@tutti/contracts/swarm/v1";
import { poolErrors } from "@tutti/machine-entities/pool";
import type { Tenant } from "../../pools/tenant.ts";

/** Returns a hook as it is shown. Throws where there is none. */
export function hookOf({ pool, contents }: Tenant, hookId: string): Hook {
  const kept = contents.hooks.get(hookId);
  if (kept === undefined) throw poolErrors.missing({ what: "hook", id: hookId });
  const { value, revision, cause } = kept;
  return {
    // Only read.
    ...(value as Hook),
    namespace: pool.namespace,
    pool: pool.name,
    updateCause: cause as Hook["updateCause"],
    revision: String(revision),
  };
}
