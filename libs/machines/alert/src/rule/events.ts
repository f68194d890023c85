import { AlertRuleRemovedV1, AlertRulesKeptV1 } from "@tutti/contracts/insight/v1";
import { setTimer } from "../delivery/due.ts";
import type { AlertsEvent } from "../state.ts";

export const rulesKept: AlertsEvent<AlertRulesKeptV1> = {
  type: "alert_rules_kept",
  version: 1,
  codec: AlertRulesKeptV1,
  evolve(state, { rules }) {
    for (const stored of rules) state.rules.set(stored.rule?.ruleId ?? "", stored);
  },
};

/** Its alerts ended before. Its receivers are no longer known. */
export const ruleRemoved: AlertsEvent<AlertRuleRemovedV1> = {
  type: "alert_rule_removed",
  version: 1,
  codec: AlertRuleRemovedV1,
  evolve(state, { ruleId }, outstanding) {
    state.rules.delete(ruleId);
    state.dueMs.delete(ruleId);
    state.sinceMs.delete(ruleId);
    state.toldMs.delete(ruleId);
    state.escalations.delete(ruleId);
    setTimer(state, outstanding);
  },
};
