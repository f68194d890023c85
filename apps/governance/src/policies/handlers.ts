import type { policyService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import { schemaText } from "@tutti/policy";
import { bundlePartOf, watchBundles } from "../bundles/watching.ts";
import { previewImpact } from "../decisions/impact.ts";
import { explainDecision, listDecisions } from "../decisions/reading.ts";
import { type DecisionDependencies, storeDecisions } from "../decisions/recording.ts";
import type { TenantDependencies } from "../tenants/dependencies.ts";
import { askAccess, matrix } from "./access-questions.ts";
import { apply, check, rollBack, test } from "./changing.ts";
import { get, list, listVersions } from "./reading.ts";
import { createBinding, deleteBinding, deleteRole, listBindings, listRoles, setRole } from "./roles.ts";
import { vocabulary } from "./vocabulary.ts";

export function policyHandlers(
  dependencies: TenantDependencies & DecisionDependencies,
): Handlers<typeof policyService> {
  return {
    checkPolicies: (request, context) => check(dependencies, request, context),
    testPolicies: (request, context) => test(dependencies, request, context),
    applyPolicies: (request, context) => apply(dependencies, request, context),
    rollBackPolicies: (request, context) => rollBack(dependencies, request, context),
    getPolicy: (request, context) => get(dependencies, request, context),
    listPolicies: (request, context) => list(dependencies, request, context),
    listPolicyVersions: (request, context) => listVersions(dependencies, request, context),
    getPolicySchema: () => ({ schema: schemaText(vocabulary()) }),
    askAccess: (request, context) => askAccess(dependencies, request, context),
    getAccessMatrix: (request, context) => matrix(dependencies, request, context),
    previewImpact: (request, context) => previewImpact(dependencies, request, context),
    explainDecision: (request, context) => explainDecision(dependencies, request, context),
    listDecisions: (request, context) => listDecisions(dependencies, request, context),
    recordDecisions: (requests, context) => storeDecisions(dependencies, requests, context),
    listRoles: (_request, context) => listRoles(dependencies, context),
    setRole: (request, context) => setRole(dependencies, request, context),
    deleteRole: (request, context) => deleteRole(dependencies, request, context),
    createRoleBinding: (request, context) => createBinding(dependencies, request, context),
    listRoleBindings: (request, context) => listBindings(dependencies, request, context),
    deleteRoleBinding: (request, context) => deleteBinding(dependencies, request, context),
    watchBundles: (request, context) => watchBundles(dependencies.bundles, request, context),
    getBundlePart: async (_request, context) => ({ part: await bundlePartOf(dependencies, context) }),
  };
}
