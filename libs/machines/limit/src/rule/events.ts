import { LimitImpliedV1, LimitRule, LimitSetV1, LimitUnsetV1 } from "@tutti/contracts/workflow/v1";
import { rateUnder, ruleOf } from "../pace.ts";
import type { Limit, LimitEvent } from "../state.ts";
import { arm } from "../timer.ts";

export const limitSet: LimitEvent<LimitSetV1> = {
  type: "limit_set",
  version: 1,
  codec: LimitSetV1,
  described: true,
  evolve(limit, { rule, description, labels, setMs, name }, outstanding) {
    change(limit, { set: rule ?? LimitRule.create() }, setMs);
    limit.description = description;
    limit.labels = labels;
    if (name !== undefined) limit.name = name;
    limit.revision += 1;
    arm(limit, outstanding);
  },
};

export const limitUnset: LimitEvent<LimitUnsetV1> = {
  type: "limit_unset",
  version: 1,
  codec: LimitUnsetV1,
  described: true,
  evolve(limit, { unsetMs }, outstanding) {
    change(limit, { set: undefined }, unsetMs);
    limit.description = "";
    limit.labels = {};
    limit.revision += 1;
    arm(limit, outstanding);
  },
};

export const limitImplied: LimitEvent<LimitImpliedV1> = {
  type: "limit_implied",
  version: 1,
  codec: LimitImpliedV1,
  described: true,
  evolve(limit, { rule, implyMs, name }, outstanding) {
    change(limit, { implied: rule }, implyMs);
    if (name !== undefined) limit.name = name;
    arm(limit, outstanding);
  },
};

function change(limit: Limit, changed: Partial<Pick<Limit, "set" | "implied">>, nowMs: number): void {
  const before = ruleOf(limit);
  Object.assign(limit, changed);
  limit.rateMs = rateUnder(ruleOf(limit), before, limit.rateMs, nowMs);
  limit.updateMs = nowMs;
}
