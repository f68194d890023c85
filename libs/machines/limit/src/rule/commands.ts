/** Sets the rule. A change takes effect immediately, and takes nothing away from holders. */
import { LimitRule, LimitSet, LimitUnset, RemoveLimit, SetLimit } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { limitErrors } from "../errors.ts";
import { pump } from "../hold/pump.ts";
import { textLengthMax } from "../limits.ts";
import { nameProblem, ruleProblem } from "../refusals.ts";
import type { LimitCommand } from "../state.ts";
import { limitSet, limitUnset } from "./events.ts";

export const setLimit: LimitCommand<SetLimit, LimitSet> = {
  type: "set_limit",
  codec: SetLimit,
  reply: LimitSet,
  decide(limit, { rule = LimitRule.create(), description, labels: requestedLabels, revision, name }, step) {
    const problem =
      ruleProblem(rule) ??
      nameProblem(name, step.key.id) ??
      (description.length > textLengthMax
        ? `expected a description of at most ${textLengthMax} characters`
        : undefined);
    if (problem !== undefined) return limitErrors.ruleInvalid.refusal({ problem });
    const labels = sorted(requestedLabels);
    if (
      limit.set !== undefined &&
      isSameRule(limit.set, rule) &&
      limit.description === description &&
      (name === undefined || limit.name === name) &&
      JSON.stringify(limit.labels) === JSON.stringify(labels)
    )
      return { revision: limit.revision };
    if (revision !== 0 && revision !== limit.revision)
      return limitErrors.moved.refusal({ id: step.key.id, revision, found: limit.revision });
    step.emit(limitSet, {
      rule,
      description,
      labels,
      setMs: step.nowMs,
      ...(name !== undefined && { name }),
    });
    pump(limit, step);
    return { revision: limit.revision };
  },
};

export const removeLimit: LimitCommand<RemoveLimit, LimitUnset> = {
  type: "remove_limit",
  codec: RemoveLimit,
  reply: LimitUnset,
  decide(limit, _, step) {
    if (limit.set === undefined) return { removed: false };
    step.emit(limitUnset, { unsetMs: step.nowMs });
    pump(limit, step);
    return { removed: true };
  },
};

function sorted(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

export function isSameRule(one: ReadOnly<LimitRule>, other: ReadOnly<LimitRule>): boolean {
  if (one.maxConcurrent !== other.maxConcurrent) return false;
  if (one.rate === undefined || other.rate === undefined) return one.rate === other.rate;
  const { count, perMs, burst } = one.rate;
  return count === other.rate.count && perMs === other.rate.perMs && burst === other.rate.burst;
}
