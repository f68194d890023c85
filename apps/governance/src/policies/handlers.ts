import { policyService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import { bundlePartOf, watchBundles } from "../bundles/watching.ts";
import type { TenantDesk } from "../tenants/desk.ts";

const { watchBundles: watch, getBundlePart } = policyService.methods;
export const servedPolicies = { ...policyService, methods: { watchBundles: watch, getBundlePart } };

export function policyHandlers(desk: TenantDesk): Handlers<typeof servedPolicies> {
  return {
    watchBundles: (request, context) => watchBundles(desk.bundles, request, context),
    getBundlePart: async (_request, context) => ({ part: await bundlePartOf(desk, context) }),
  };
}
