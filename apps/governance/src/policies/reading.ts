/** Reads policies and their versions. */
import type {
  GetPolicyRequest,
  ListPoliciesRequest,
  ListPolicyVersionsRequest,
  Policy,
} from "@tutti/contracts/governance/v1";
import { type CallContext, descending, labelsMatch, pageOf } from "@tutti/kernel";
import { policiesAt, tenantErrors, versionOf } from "@tutti/machine-entities/tenant";
import { systemNamespace } from "@tutti/policy";
import { type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { policyOf } from "../tenants/views.ts";
import { versionView } from "./changing.ts";

export async function get(
  dependencies: TenantDependencies,
  { policyId, version }: GetPolicyRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const tenant = await tenantOf(dependencies, namespace, context);
  const present = versionOf(tenant);
  if (version === 0 || version === present) {
    const stored = tenant.policies.get(policyId);
    if (stored === undefined) throw tenantErrors.missing({ name: "policy", id: policyId });
    return { policy: policyOf(namespace, stored) };
  }
  const then = policiesAt(tenant, version);
  if (then === undefined) {
    const first = (tenant.versions[0]?.version ?? 1) - 1;
    throw tenantErrors.noVersion({ version, first, last: present });
  }
  const policy = then.get(policyId);
  if (policy === undefined) throw tenantErrors.missing({ name: "policy", id: policyId });
  return { policy: { ...policy, namespace } };
}

export async function list(
  dependencies: TenantDependencies,
  request: ListPoliciesRequest,
  context: CallContext,
) {
  const { enforcements, labels, text, withSystem, page } = request;
  const { namespace } = context;
  const tenant = await tenantOf(dependencies, namespace, context);
  const searched = text.toLowerCase();
  const matches = (policy: Policy) =>
    (enforcements.length === 0 || enforcements.includes(policy.enforcement)) &&
    labelsMatch(policy.labels, labels) &&
    [policy.policyId, policy.description, policy.text].some((field) =>
      field.toLowerCase().includes(searched),
    );
  const own = [...tenant.policies.values()].map((stored) => policyOf(namespace, stored));
  const all = [...own, ...(withSystem && namespace !== systemNamespace ? await ofSystem(dependencies) : [])]
    .filter(matches)
    .map((policy) => ({ policy, place: `${policy.policyId} ${policy.namespace}` }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const list = ["policies", namespace, enforcements, labels, text, withSystem];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ place }) => place }, page);
  const version = versionOf(tenant);
  return { policies: items.map(({ policy }) => policy), version, page: { nextToken, total: all.length } };
}

/** Returns the policies of `system` that are not off, from the bundle: their tenant may be elsewhere. */
async function ofSystem(dependencies: TenantDependencies): Promise<Policy[]> {
  const { content } = await dependencies.bundles.current();
  return content.policies.filter(({ namespace }) => namespace === systemNamespace);
}

export async function listVersions(
  dependencies: TenantDependencies,
  { page }: ListPolicyVersionsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { versions } = await tenantOf(dependencies, namespace, context);
  const all = versions.map(versionView).reverse();
  const keyOf = ({ number }: { readonly number: number }) => descending(number);
  const { items, nextToken } = pageOf(all, { list: ["policy versions", namespace], keyOf }, page);
  return { versions: items, page: { nextToken, total: all.length } };
}
