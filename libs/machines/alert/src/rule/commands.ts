/**
 * Rules of a namespace.
 *
 * 1. A built-in rule stays built in when a caller changes it, and keeps the change when built-in rules are installed
 *    again.
 * 2. Alerts of a removed rule end, and its receivers are notified.
 * 3. When a rule is no longer inhibited, receivers are notified immediately of its alerts. When it gets an escalation
 *    policy, firing alerts escalate immediately.
 */
import {
  AlertPartRemoved,
  AlertRule,
  AlertRuleKept,
  AlertsDone,
  InstallAlertRules,
  KeepAlertRule,
  type KeptAlert,
  type KeptRule,
  RemoveAlertRule,
} from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { changeAlerts, end } from "../alert/commands.ts";
import { sendMessages } from "../delivery/send.ts";
import { alertErrors } from "../errors.ts";
import { circleOf } from "../inhibition/inhibition.ts";
import { rulesMax } from "../limits.ts";
import type { AlertsCommand, AlertsStep, AlertsView } from "../state.ts";
import { ruleRemoved, rulesKept } from "./events.ts";

export const installRules: AlertsCommand<InstallAlertRules, AlertsDone> = {
  type: "install_rules",
  codec: InstallAlertRules,
  reply: AlertsDone,
  decide(state, { rules: builtIn }, step) {
    const rules: KeptRule[] = [];
    for (const rule of builtIn.slice(0, rulesMax)) {
      const settledRule = settled({ ...rule, readyMade: true });
      const known = state.rules.get(rule.ruleId);
      if (rule.ruleId === "" || known?.changed === true || isSame(known?.rule, settledRule)) continue;
      rules.push({ rule: settledRule, revision: (known?.revision ?? 0) + 1, changed: false });
    }
    if (rules.length > 0) setRules(state, rules, step);
    return {};
  },
};

export const keepRule: AlertsCommand<KeepAlertRule, AlertRuleKept> = {
  type: "keep_rule",
  codec: KeepAlertRule,
  reply: AlertRuleKept,
  decide(state, { rule: requested, revision }, step) {
    const id = requested?.ruleId ?? "";
    if (requested === undefined || id === "")
      return alertErrors.invalid.refusal({ problem: "`ruleId`: expected an id, got none" });
    if (requested.condition === "" && requested.objective === undefined && !requested.external)
      return alertErrors.invalid.refusal({ problem: "`condition`: expected an expression, got none" });
    const known = state.rules.get(id);
    const rule = settled({ ...requested, readyMade: known?.rule?.readyMade ?? false });
    if (known !== undefined && isSame(known.rule, rule)) return { revision: known.revision };
    if (known?.rule !== undefined && known.rule.external !== requested.external)
      return alertErrors.invalid.refusal({
        problem: "`external`: cannot change. Delete the rule, and set it again",
      });
    if (revision !== 0 && revision !== (known?.revision ?? 0))
      return alertErrors.ruleMoved.refusal({ id, revision, found: known?.revision ?? 0 });
    if (rule.escalation !== "" && !state.policies.has(rule.escalation))
      return alertErrors.invalid.refusal({
        problem: `\`escalation\`: escalation policy \`${rule.escalation}\` not found`,
      });
    const circle = circleOf(state.rules, rule);
    if (circle !== undefined)
      return alertErrors.invalid.refusal({
        problem: `\`inhibitedBy\`: the rule would inhibit itself: ${circle.join(" by ")}`,
      });
    if (known === undefined && state.rules.size >= rulesMax)
      return alertErrors.full.refusal({ what: "alert rules", max: rulesMax });
    const next = (known?.revision ?? 0) + 1;
    const stored = { ...rule, updateCause: step.cause };
    setRules(state, [{ rule: stored, revision: next, changed: true }], step);
    return { revision: next };
  },
};

export const removeRule: AlertsCommand<RemoveAlertRule, AlertPartRemoved> = {
  type: "remove_rule",
  codec: RemoveAlertRule,
  reply: AlertPartRemoved,
  decide(state, { ruleId: id }, step) {
    const rule = state.rules.get(id)?.rule;
    if (rule === undefined) return { removed: false };
    if (rule.readyMade) return alertErrors.ruleBuiltIn.refusal({ id });
    const changes = { alerts: [] as KeptAlert[], droppedIds: [] as string[] };
    for (const alertId of state.open.values()) {
      // The cast is safe: the value is only read.
      const alert = state.alerts.get(alertId) as KeptAlert;
      if (alert.ruleId === id) end(alert, step.nowMs, changes);
    }
    changeAlerts(state, changes, step);
    sendMessages(state, [id], step);
    step.emit(ruleRemoved, { ruleId: id });
    return { removed: true };
  },
};

function setRules(state: AlertsView, rules: KeptRule[], step: AlertsStep): void {
  const known = rules.map(({ rule }) => [rule, state.rules.get(rule?.ruleId ?? "")?.rule] as const);
  // Their alerts may no longer be inhibited, or escalate by another policy.
  const changed = known
    .filter(
      ([rule, before]) =>
        (before?.inhibitedBy.length ?? 0) > 0 ||
        (before !== undefined && before.escalation !== rule?.escalation),
    )
    .map(([rule]) => rule?.ruleId ?? "");
  step.emit(rulesKept, { rules });
  if (changed.length > 0) sendMessages(state, changed, step);
}

/** Returns a rule without the fields that the service sets. */
function settled(rule: AlertRule): AlertRule {
  return { ...rule, namespace: "", revision: "", problem: "", updateCause: undefined };
}

function isSame(one: ReadOnly<AlertRule> | undefined, other: AlertRule): boolean {
  if (one === undefined) return false;
  const bytes = AlertRule.encode(settled(one as AlertRule)).finish();
  return Buffer.from(bytes).equals(AlertRule.encode(other).finish());
}
