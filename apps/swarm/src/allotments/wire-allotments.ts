import { resourceService } from "@tutti/contracts/session/v1";
import type { HostContext } from "@tutti/host";
import { Claiming, type ClaimingParts } from "./claiming.ts";

/** Pools of this process hold parts of quotas, as long as the service runs. */
export function wireAllotments(
  { mesh, foundation }: Pick<HostContext, "mesh" | "foundation">,
  { pools, now }: Pick<ClaimingParts, "pools" | "now">,
): Claiming {
  return new Claiming({
    ...{ pools, now, foundation },
    resources: mesh.client(resourceService, { service: "master" }),
    isServed: () => mesh.knows("master"),
  });
}
