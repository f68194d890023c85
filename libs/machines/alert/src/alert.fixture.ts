import assert from "node:assert/strict";
import { AddSilence, AlertRule, type AlertSnapshotV1, type KeptAlert } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import {
  addSilence,
  alert,
  type DeliverAlerts,
  groupIntervalMs,
  groupWaitMs,
  keepRule,
  observe,
  settleDelivery,
  snapshotQuery,
} from "./index.ts";

export const key = { namespace: "default", kind: "alert", id: "default" };

export function rule(overrides: Partial<AlertRule> = {}): AlertRule {
  const queries = [{ queryId: "failed", metric: "tutti_runs" }];
  const settings = {
    ruleId: "failures",
    title: "Runs fail",
    condition: "failed > 0.0",
    severity: Severity.SEVERITY_ERROR,
  };
  return { ...AlertRule.fromPartial({ ...settings, queries, receivers: ["ops"] }), ...overrides };
}

export function driven(...rules: readonly AlertRule[]): MachineDriver {
  const driver = new MachineDriver({ machines: [alert], service: "insight" });
  for (const each of rules.length === 0 ? [rule()] : rules)
    driver.execute(key, keepRule, { rule: each, revision: 0 });
  return driver;
}

/** Reports that the condition is true for these values of the label `pool`. */
export function reportFiring(driver: MachineDriver, ...pools: readonly string[]): unknown {
  const found = pools.map((pool) => ({ labels: { pool }, values: { failed: 1 }, title: "", advice: "" }));
  return driver.execute(key, observe, { observations: [{ ruleId: "failures", found }] });
}

export function silence(driver: MachineDriver, fields: Partial<AddSilence>): unknown {
  return driver.execute(key, addSilence, { ...AddSilence.create(), ...fields });
}

export function stateOf(driver: MachineDriver): ReadOnly<AlertSnapshotV1> {
  const found = driver.query(key, snapshotQuery, undefined);
  assert.ok(!isRefusal(found));
  return found;
}

export function alertsOf(driver: MachineDriver): readonly ReadOnly<KeptAlert>[] {
  return stateOf(driver).alerts;
}

/** Returns the outstanding messages. */
export function messages(driver: MachineDriver) {
  return driver.effects.map(({ effect }) => (effect as DeliverAlerts).delivery);
}

/** Advances past the time in which alerts are grouped. */
export function advancePastGrouping(driver: MachineDriver): void {
  driver.advance(groupWaitMs + 1);
}

export function advancePastInterval(driver: MachineDriver): void {
  driver.advance(groupIntervalMs + 1);
}

export function settleAll(driver: MachineDriver, delivered = true): void {
  for (const effect of [...driver.effects])
    driver.settle(effect, settleDelivery, { delivered, message: delivered ? "" : "410 Gone" });
}
