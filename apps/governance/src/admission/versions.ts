/**
 * Versions of rules: listed with their author and reason, and restored.
 *
 * 1. The number of a version is the revision of the rule: findings and refusals name it.
 * 2. A restore sets the former text again, so it is checked like any other, and is a new version.
 */

import {
  AdmissionRule,
  type FieldChange,
  type ListRuleVersionsRequest,
  type RollBackRuleRequest,
  type RuleVersion,
} from "@tutti/contracts/governance/v1";
import { type CallContext, descending, pageOf, toTimestamp } from "@tutti/kernel";
import { tenantErrors } from "@tutti/machine-entities/tenant";
import { Mapping, schema } from "@tutti/rest/json";
import { governanceErrors } from "../errors.ts";
import { type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { ruleOf, storedRule } from "../tenants/views.ts";
import { storeRule } from "./rules.ts";

export async function listRuleVersions(
  dependencies: TenantDependencies,
  { ruleId, against, page }: ListRuleVersionsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const versions = await versionsOf(dependencies, ruleId, context);
  const other = against === 0 ? undefined : versionIn(versions, ruleId, against);
  const all = versions
    .map((version, index) => {
      const { rule: before } = other ?? versions[index - 1] ?? {};
      // For the first version, a list of all fields as new does not help a reader.
      return { ...version, changes: before === undefined ? [] : changesOf(before, version.rule) };
    })
    .reverse();
  const keyOf = ({ number }: RuleVersion) => descending(number);
  const list = ["rule versions", namespace, ruleId, against];
  const { items, nextToken } = pageOf(all, { list, keyOf }, page);
  return { versions: items, page: { nextToken, total: all.length } };
}

export async function rollBackRule(
  dependencies: TenantDependencies,
  { ruleId, version, reason, revision }: RollBackRuleRequest,
  context: CallContext,
) {
  const rule = await ruleAt(dependencies, ruleId, version, context);
  return { rule: await storeRule(dependencies, { rule, revision, reason }, context) };
}

/** Returns a rule in a version, without its owner and times. */
export async function ruleAt(
  dependencies: TenantDependencies,
  ruleId: string,
  version: number,
  context: CallContext,
): Promise<AdmissionRule> {
  const { rule } = versionIn(await versionsOf(dependencies, ruleId, context), ruleId, version);
  const bare = { revision: "", updateTime: undefined, updateCause: undefined };
  return { ...(rule ?? AdmissionRule.create()), ...bare };
}

/** Returns the versions, the oldest first. */
async function versionsOf(
  dependencies: TenantDependencies,
  ruleId: string,
  context: CallContext,
): Promise<RuleVersion[]> {
  const { namespace } = context;
  const { pastRules, rules } = await tenantOf(dependencies, namespace, context);
  const past = pastRules
    .filter(({ kept }) => kept?.rule?.ruleId === ruleId)
    .map(({ kept, endMs, endCause, removed }): RuleVersion => {
      const rule = storedRule(namespace, kept);
      const ended = { endTime: toTimestamp(endMs), endCause: endCause as RuleVersion["endCause"], removed };
      return { number: Number(rule.revision), rule, ...ended, changes: [] };
    });
  const present = rules.get(ruleId);
  const { revision = 0 } = present ?? {};
  const now: RuleVersion[] =
    present === undefined
      ? []
      : [
          {
            number: revision,
            rule: ruleOf(namespace, present),
            changes: [],
            endTime: undefined,
            endCause: undefined,
            removed: false,
          },
        ];
  const all = [...past, ...now];
  if (all.length === 0) throw tenantErrors.missing({ name: "rule", id: ruleId });
  return all;
}

function versionIn(versions: readonly RuleVersion[], ruleId: string, version: number): RuleVersion {
  const found = versions.find(({ number }) => number === version);
  if (found !== undefined) return found;
  const latest = versions.slice(-10).map(({ number }) => String(number));
  throw governanceErrors.ruleVersionMissing({ ruleId, version, latest });
}

/** Compares the fields of two rules, with their names and values in REST. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Fields about the rule, not part of its content. */
const aboutIt = ["namespace", "revision", "updateTimeMs", "updateCause"];

function changesOf(before: AdmissionRule, after: AdmissionRule | undefined): FieldChange[] {
  const were = fieldsOf(before);
  const are = fieldsOf(after);
  const paths = [...new Set([...were.keys(), ...are.keys()])];
  return paths
    .map((path) => ({ path, before: were.get(path) ?? "", after: are.get(path) ?? "" }))
    .filter((change) => change.before !== change.after);
}

function fieldsOf(rule: AdmissionRule | undefined): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (rule === undefined) return fields;
  const json = new Mapping(schema).message("tutti.governance.v1.AdmissionRule", { ...rule }) as Json;
  for (const [name, value] of Object.entries(json as { readonly [name: string]: Json }))
    if (!aboutIt.includes(name)) collect(name, value, fields);
  return fields;
}

function collect(path: string, value: Json, fields: Map<string, string>): void {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) collect(`${path}[${index}]`, item, fields);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value)) collect(stepTo(path, name), member, fields);
  else fields.set(path, JSON.stringify(value));
}

function stepTo(path: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}
