/**
 * Changes policies. A change must be readable, its cases must pass, and some identity must still be able to
 * revert it. A bundle contains the new policies before the caller gets its answer.
 */
import {
  type ApplyPoliciesRequest,
  type CheckPoliciesRequest,
  type Policy,
  PolicyChange,
  type PolicyVersion,
  type RollBackPoliciesRequest,
  type TenantPoliciesAppliedV1,
  type TestPoliciesRequest,
} from "@tutti/contracts/governance/v1";
import { type CallContext, type ReadOnly, toTimestamp } from "@tutti/kernel";
import {
  applyPolicies,
  policiesAt,
  rollBackPolicies,
  tenantErrors,
  versionOf,
} from "@tutti/machine-entities/tenant";
import { PolicyEvaluator } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { executeOnTenant, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { changeTo, contentAfter, locksOut, problemsOf } from "./change.ts";
import { type Case, resultsOf } from "./questions.ts";

export async function check(
  dependencies: TenantDependencies,
  { change }: CheckPoliciesRequest,
  { namespace }: CallContext,
) {
  return { problems: problemsOf(await dependencies.deciding.cedar(), namespace, change) };
}

export async function test(
  dependencies: TenantDependencies,
  { change, cases }: TestPoliciesRequest,
  context: CallContext,
) {
  const { cedar, content } = await dependencies.deciding.present();
  const { namespace } = context;
  const problems = problemsOf(cedar, namespace, change);
  if (problems.length > 0) return { results: [], failed: 0, problems };
  const after = contentAfter(content, namespace, change);
  const allCases = [
    ...casesOf(after.policies, namespace),
    ...cases.map((given) => ({ policyId: "", given })),
  ];
  const nowMs = dependencies.foundation.clock.now();
  const about = { namespace, bundle: change === undefined ? content.number : 0, nowMs };
  const results = resultsOf(new PolicyEvaluator(cedar, after), allCases, about);
  return { results, failed: results.filter(({ passed }) => !passed).length, problems: [] };
}

export async function apply(
  dependencies: TenantDependencies,
  request: ApplyPoliciesRequest,
  context: CallContext,
) {
  const { change = PolicyChange.create(), version, reason } = request;
  await requireValid(dependencies, change, context);
  const { set, removedPolicyIds } = change;
  const body = { set, removedPolicyIds, version };
  const applied = await executeOnTenant(dependencies, { command: applyPolicies, body, reason }, context);
  return { version: await readVersion(dependencies, applied.version, context) };
}

export async function rollBack(
  dependencies: TenantDependencies,
  { version, reason }: RollBackPoliciesRequest,
  context: CallContext,
) {
  const tenant = await tenantOf(dependencies, context.namespace, context);
  const desired = policiesAt(tenant, version);
  if (desired === undefined) {
    const first = Math.max(1, (tenant.versions[0]?.version ?? 1) - 1);
    throw tenantErrors.noVersion({ version, first, last: versionOf(tenant) });
  }
  const present = new Map([...tenant.policies].map(([id, { value }]) => [id, value as Policy]));
  await requireValid(dependencies, changeTo(present, desired), context);
  const applied = await executeOnTenant(
    dependencies,
    { command: rollBackPolicies, body: { version }, reason },
    context,
  );
  return { version: await readVersion(dependencies, applied.version, context) };
}

export function versionView({
  version,
  timeMs,
  cause,
  set,
  removedPolicyIds,
}: ReadOnly<TenantPoliciesAppliedV1>) {
  const view: PolicyVersion = {
    number: version,
    createTime: toTimestamp(timeMs),
    createCause: cause as PolicyVersion["createCause"],
    changedPolicyIds: set.map(({ policyId }) => policyId),
    removedPolicyIds: [...removedPolicyIds],
    bundle: 0,
  };
  return view;
}

/** Returns a version with the bundle that contains it. */
async function readVersion(
  dependencies: TenantDependencies,
  number: number,
  context: CallContext,
): Promise<PolicyVersion | undefined> {
  const { versions } = await tenantOf(dependencies, context.namespace, context);
  const found = versions.find(({ version }) => version === number);
  const { bundle } = await dependencies.bundles.current();
  return found && { ...versionView(found), bundle: bundle.number };
}

async function requireValid(
  dependencies: TenantDependencies,
  change: PolicyChange,
  { namespace }: CallContext,
): Promise<void> {
  const { cedar, content } = await dependencies.deciding.present();
  const problems = problemsOf(cedar, namespace, change);
  const [first] = problems;
  if (first !== undefined) {
    const violations = problems.map(({ fileName, line, column, message }) => ({
      field: `${fileName}:${line}:${column}`,
      message,
    }));
    const location = `${first.fileName}:${first.line}:${first.column}`;
    throw governanceErrors.policiesInvalid({ where: location, problem: first.message }, { violations });
  }
  const after = contentAfter(content, namespace, change);
  const nowMs = dependencies.foundation.clock.now();
  const about = { namespace, bundle: 0, nowMs };
  const results = resultsOf(new PolicyEvaluator(cedar, after), casesOf(after.policies, namespace), about);
  const failed = results.filter(({ passed }) => !passed);
  const [failure] = failed;
  if (failure !== undefined) {
    const { title, policyId, decision } = failure;
    const found = decision?.allowed === true ? "allowed" : "denied";
    throw governanceErrors.caseFailed({ title, policyId, found, more: failed.length - 1 });
  }
  if (locksOut(cedar, { before: content, after }, namespace, nowMs))
    throw governanceErrors.locksOut({ namespace });
}

function casesOf(policies: readonly Policy[], namespace: string): Case[] {
  return policies
    .filter((policy) => policy.namespace === namespace)
    .flatMap(({ policyId, cases }) => cases.map((given) => ({ policyId, given })));
}
