import type { policyService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import { schemaText } from "@tutti/policy";
import { bundlePartOf, watchBundles } from "../bundles/watching.ts";
import { previewImpact } from "../decisions/impact.ts";
import { explainDecision, listDecisions } from "../decisions/looking.ts";
import { type DecisionDesk, takeRecords } from "../decisions/recording.ts";
import type { TenantDesk } from "../tenants/desk.ts";
import { ask, matrix } from "./asking.ts";
import { apply, check, rollBack, test } from "./changing.ts";
import { get, list, listVersions } from "./reading.ts";
import { createBinding, deleteBinding, deleteRole, listBindings, listRoles, setRole } from "./roles.ts";
import { vocabulary } from "./vocabulary.ts";

export function policyHandlers(desk: TenantDesk & DecisionDesk): Handlers<typeof policyService> {
  return {
    checkPolicies: (request, context) => check(desk, request, context),
    testPolicies: (request, context) => test(desk, request, context),
    applyPolicies: (request, context) => apply(desk, request, context),
    rollBackPolicies: (request, context) => rollBack(desk, request, context),
    getPolicy: (request, context) => get(desk, request, context),
    listPolicies: (request, context) => list(desk, request, context),
    listPolicyVersions: (request, context) => listVersions(desk, request, context),
    getPolicySchema: () => ({ schema: schemaText(vocabulary()) }),
    askAccess: (request, context) => ask(desk, request, context),
    getAccessMatrix: (request, context) => matrix(desk, request, context),
    previewImpact: (request, context) => previewImpact(desk, request, context),
    explainDecision: (request, context) => explainDecision(desk, request, context),
    listDecisions: (request, context) => listDecisions(desk, request, context),
    recordDecisions: (requests, context) => takeRecords(desk, requests, context),
    listRoles: (_request, context) => listRoles(desk, context),
    setRole: (request, context) => setRole(desk, request, context),
    deleteRole: (request, context) => deleteRole(desk, request, context),
    createRoleBinding: (request, context) => createBinding(desk, request, context),
    listRoleBindings: (request, context) => listBindings(desk, request, context),
    deleteRoleBinding: (request, context) => deleteBinding(desk, request, context),
    watchBundles: (request, context) => watchBundles(desk.bundles, request, context),
    getBundlePart: async (_request, context) => ({ part: await bundlePartOf(desk, context) }),
  };
}
