/**
 * Inhibition: while an alert of certain rules fires, receivers get no messages about its consequences.
 *
 * 1. It follows from rules and alerts alone. Nothing about it is stored, so it ends with the inhibiting alert.
 * 2. An acknowledged alert inhibits as well, and so does one that is silenced or inhibited itself. A pending one does
 *    not.
 * 3. No rule inhibits itself, even indirectly: otherwise no receiver would learn of any of them.
 */
import { type AlertRule, AlertStatus, type KeptAlert, type KeptRule } from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";

type Rules = ReadonlyMap<string, ReadOnly<KeptRule>>;
/** Returns the alert that inhibits another one. */
export type Inhibition = (alert: ReadOnly<KeptAlert>) => ReadOnly<KeptAlert> | undefined;

/** Alerts are read once, with the first alert of a rule that others inhibit. */
export function inhibition(rules: Rules, alerts: () => Iterable<ReadOnly<KeptAlert>>): Inhibition {
  let firing: Map<string, ReadOnly<KeptAlert>[]> | undefined;
  /** Inhibiting alerts by inhibited rule, and the values of its labels. */
  const known = new Map<string, ReadonlyMap<string, ReadOnly<KeptAlert>>>();
  return (alert) => {
    const rule = rules.get(alert.ruleId)?.rule;
    if (rule === undefined || rule.inhibitedBy.length === 0) return undefined;
    firing ??= Map.groupBy([...alerts()].filter(isInhibiting), ({ ruleId }) => ruleId);
    let byLabels = known.get(rule.ruleId);
    if (byLabels === undefined) {
      byLabels = inhibitorsOf(rule, firing);
      known.set(rule.ruleId, byLabels);
    }
    return byLabels.get(valuesOf(rule, alert));
  };
}

/** Returns the rules whose alerts the alerts of others inhibit. */
export function inhibitedRules(rules: Rules, inhibitors: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  for (const [ruleId, { rule }] of rules)
    if (rule?.inhibitedBy.some((other) => inhibitors.has(other))) found.push(ruleId);
  return found;
}

/** Returns the ids on the path by which a rule would inhibit itself. Undefined if there is none. */
export function circleOf(rules: Rules, rule: ReadOnly<AlertRule>): readonly string[] | undefined {
  const visited = new Set<string>();
  const search = (ids: readonly string[], path: readonly string[]): readonly string[] | undefined => {
    for (const id of ids) {
      if (id === rule.ruleId) return [...path, id];
      if (visited.has(id)) continue;
      visited.add(id);
      const found = search(rules.get(id)?.rule?.inhibitedBy ?? [], [...path, id]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(rule.inhibitedBy, [rule.ruleId]);
}

function inhibitorsOf(
  rule: ReadOnly<AlertRule>,
  firing: ReadonlyMap<string, readonly ReadOnly<KeptAlert>[]>,
): ReadonlyMap<string, ReadOnly<KeptAlert>> {
  const found = new Map<string, ReadOnly<KeptAlert>>();
  for (const ruleId of rule.inhibitedBy)
    for (const alert of firing.get(ruleId) ?? []) {
      const values = valuesOf(rule, alert);
      if (!found.has(values)) found.set(values, alert);
    }
  return found;
}

function isInhibiting({ status }: ReadOnly<KeptAlert>): boolean {
  return status === AlertStatus.ALERT_STATUS_FIRING || status === AlertStatus.ALERT_STATUS_ACKNOWLEDGED;
}

/** Returns the values of the labels. A missing label is empty. */
function valuesOf({ inhibitLabels }: ReadOnly<AlertRule>, { labels }: ReadOnly<KeptAlert>): string {
  return JSON.stringify(inhibitLabels.map((name) => labels[name] ?? ""));
}
