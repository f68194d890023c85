/**
 * Rules as they were: listed with who changed them and why, and gone back to.
 *
 * 1. A version's number is the revision of the rule: what a rule finds names it, and so does what it refuses.
 * 2. Going back sets the former text again, so it is looked at like any other, and makes a version of its own.
 */
import {
  AdmissionRule,
  type ListRuleVersionsRequest,
  type RollBackRuleRequest,
  type RuleVersion,
} from "@tutti/contracts/governance/v1";
import { type CallContext, pageOf, toTimestamp } from "@tutti/kernel";
import { tenantErrors } from "@tutti/machine-entities/tenant";
import { governanceErrors } from "../errors.ts";
import { type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { ruleAsKept, ruleOf } from "../tenants/views.ts";
import { changesOf } from "./changes.ts";
import { keepRule } from "./rules.ts";

const digits = 16;

export async function listRuleVersions(
  dependencies: TenantDependencies,
  { ruleId, against, page }: ListRuleVersionsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const kept = await versionsOf(dependencies, ruleId, context);
  const other = against === 0 ? undefined : versionIn(kept, ruleId, against);
  const all = kept
    .map((version, index) => {
      const { rule: before } = other ?? kept[index - 1] ?? {};
      // For the first version, a list that says everything is new helps no reader.
      return { ...version, changes: before === undefined ? [] : changesOf(before, version.rule) };
    })
    .reverse();
  const keyOf = ({ number }: RuleVersion) => String(Number.MAX_SAFE_INTEGER - number).padStart(digits, "0");
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
  return { rule: await keepRule(dependencies, { rule, revision, reason }, context) };
}

/** Returns a rule as it was in a version, without what says whose and since when. */
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

/** Returns the oldest first. */
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
      const rule = ruleAsKept(namespace, kept);
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
            ...{ number: revision, rule: ruleOf(namespace, present), changes: [] },
            ...{ endTime: undefined, endCause: undefined, removed: false },
          },
        ];
  const all = [...past, ...now];
  if (all.length === 0) throw tenantErrors.missing({ what: "rule", id: ruleId });
  return all;
}

function versionIn(kept: readonly RuleVersion[], ruleId: string, version: number): RuleVersion {
  const found = kept.find(({ number }) => number === version);
  if (found !== undefined) return found;
  const latest = kept.slice(-10).map(({ number }) => String(number));
  throw governanceErrors.ruleVersionMissing({ ruleId, version, latest });
}
