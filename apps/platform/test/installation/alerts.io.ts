import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AcknowledgeAlertRequest,
  Aggregation,
  AlertRule,
  AlertStatus,
  alertService,
  CreateSilenceRequest,
  ListAlertRulesRequest,
  ListAlertsRequest,
  ListNotificationsRequest,
  ListObjectivesRequest,
  ListOnCallRequest,
  RetryNotificationsRequest,
  SeriesQuery,
  SetAlertRuleRequest,
  SetEscalationPolicyRequest,
  SetRotationRequest,
  TestAlertRuleRequest,
  UpdateIncidentRequest,
  WatchAlertsRequest,
} from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import { definitionService, GetRunRequest, runService } from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

const { ALERT_STATUS_FIRING, ALERT_STATUS_ACKNOWLEDGED, ALERT_STATUS_RESOLVED } = AlertStatus;

/** Fires while the process has been running for longer than a time. */
const uptime = (ruleId: string, given: Partial<AlertRule> = {}): AlertRule =>
  AlertRule.fromPartial({
    ...{ ruleId, title: "Up for ${{ up }} s", advice: "None", severity: Severity.SEVERITY_WARNING },
    queries: [{ queryId: "up", metric: "process_uptime_seconds", overSeries: Aggregation.AGGREGATION_MAX }],
    ...{ condition: "up > 0.0", ...given },
  });

const receivers = {
  runs: { kind: "workflow", workflow: "handle-alert", namespace: "default" },
  gone: { kind: "workflow", workflow: "not-there", namespace: "default" },
};
const words = [`--insight.receivers=${JSON.stringify(receivers)}`];

const handle = `workflow: handle-alert
tasks:
  wait: {wait: 1h}
`;

describe("alerts of an installation", () => {
  let installation: Installation;
  const alerts = () => installation.host.mesh.client(alertService);
  const list = async (given: object = {}) =>
    (await alerts().listAlerts(ListAlertsRequest.fromPartial(given))).alerts;
  const set = (rule: AlertRule) => alerts().setAlertRule(SetAlertRuleRequest.fromPartial({ rule }));
  const notifications = async () =>
    (await alerts().listNotifications(ListNotificationsRequest.fromPartial({}))).notifications;

  before(async () => {
    installation = await Installation.open(words, { insight: true });
    await installation.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: handle, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
  });
  after(() => installation?.[Symbol.asyncDispose]());

  it("the first caller sees built-in rules, before any round", async () => {
    const { rules } = await alerts().listAlertRules(ListAlertRulesRequest.fromPartial({}));
    assert.ok(rules.length > 10 && rules.every(({ readyMade }) => readyMade));
  });

  it("built-in rules are there, are not in trouble, and can be disabled, not deleted", async () => {
    await installation.pass(65_000);
    const { rules } = await alerts().listAlertRules(ListAlertRulesRequest.fromPartial({}));
    assert.ok(rules.length > 10 && rules.every(({ readyMade, problem }) => readyMade && problem === ""));
    assert.deepEqual(await list(), []);
    const [rule] = rules;
    assert.ok(rule !== undefined);
    const ruleId = rule.ruleId;
    await set({ ...rule, disabled: true });
    await assert.rejects(alerts().deleteAlertRule({ namespace: "", ruleId, reason: "" }), {
      code: "alert.rule_built_in",
    });
    await installation.restart(words);
    const again = (await alerts().listAlertRules(ListAlertRulesRequest.fromPartial({}))).rules;
    assert.equal(again.find((one) => one.ruleId === ruleId)?.disabled, true);
  });

  it("mistakes in a rule are refused with their field", async () => {
    const wrong = uptime("wrong", { condition: "upp > 0.0", receivers: ["nobody"] });
    await assert.rejects(set(wrong), ({ violations }) => {
      assert.deepEqual(
        violations.map(({ field }: { readonly field: string }) => field),
        ["rule.condition", "rule.receivers[0]"],
      );
      return true;
    });
  });

  it("an alert fires, starts one run, is acknowledged, and ends with its rule", async () => {
    const events: string[] = [];
    const heard = await installation.host.bus.subscribe({
      ...{ pattern: "tutti.insight.alert.>", namespace: "system" },
      handle: { each: ({ type }) => events.push(type) },
    });
    await set(uptime("up", { receivers: ["runs"] }));
    await installation.pass(15_000);
    const [alert] = await list();
    assert.deepEqual([alert?.ruleId, alert?.status], ["up", ALERT_STATUS_FIRING]);
    assert.match(alert?.title ?? "", /^Up for \d+(\.\d+)? s$/);
    const runs = installation.host.mesh.client(runService);
    const [run] = await until("the run of the alert", async () => {
      const found = await runs.listRuns({
        ...{ namespace: "", filter: undefined, oldestFirst: false, page: undefined },
      });
      return found.runs.length > 0 ? found.runs : undefined;
    });
    assert.equal(run?.spec?.labels["alert"], "up");
    const { run: whole } = await runs.getRun(GetRunRequest.fromPartial({ runId: run?.runId ?? "" }));
    const body = whole?.spec?.input?.body;
    const input = body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : {};
    assert.deepEqual([input.id, input.rule, input.count], [run?.runId, "up", 1]);
    const alertId = alert?.alertId ?? "";
    const reply = await alerts().acknowledgeAlert(
      AcknowledgeAlertRequest.fromPartial({ alertId, reason: "looking" }),
    );
    assert.equal(reply.alert?.status, ALERT_STATUS_ACKNOWLEDGED);
    assert.equal(reply.alert?.acknowledgeCause?.reason, "looking");
    await alerts().deleteAlertRule({ namespace: "", ruleId: "up", reason: "" });
    assert.deepEqual(await list(), []);
    const [ended] = await list({ filter: { statuses: [ALERT_STATUS_RESOLVED] } });
    assert.equal(ended?.alertId, alertId);
    await until("the events", () => events.length >= 3);
    assert.deepEqual(
      events.map((type) => type.replace("tutti.insight.alert.", "")),
      ["raised", "acknowledged", "resolved"],
    );
    await heard.close();
    assert.deepEqual(await notifications(), []);
  });

  it("a notification that cannot be delivered is a dead letter, and is sent again on request", async () => {
    await set(uptime("letters", { receivers: ["gone"] }));
    await installation.pass(15_000);
    const [letter] = await until("the dead letter", async () => {
      const found = await notifications();
      return found[0]?.dead === true ? found : undefined;
    });
    assert.deepEqual([letter?.receiver, letter?.alerts, letter?.attempt], ["gone", 1, 1]);
    assert.match(letter?.problem ?? "", /not-there/);
    const retried = await alerts().retryNotifications(RetryNotificationsRequest.fromPartial({}));
    assert.equal(retried.count, 1);
    await until("the second attempt", async () => {
      const [found] = await notifications();
      return found?.dead === true && found.attempt === 2;
    });
    await alerts().deleteAlertRule({ namespace: "", ruleId: "letters", reason: "" });
  });

  it("a silence keeps the alert visible and its receivers quiet, and a watch follows", async () => {
    const to = toTimestamp(installation.now() + 3_600_000);
    const { silence } = await alerts().createSilence(
      CreateSilenceRequest.fromPartial({ silence: { ruleId: "quiet", span: { to } }, reason: "maintenance" }),
    );
    const before = (await notifications()).length;
    const filter = { ruleId: "quiet" };
    const watch = alerts().watchAlerts(WatchAlertsRequest.fromPartial({ filter }))[Symbol.asyncIterator]();
    assert.deepEqual((await watch.next()).value?.alerts, []);
    await set(uptime("quiet", { receivers: ["gone"] }));
    await installation.pass(15_000);
    let seen: string | undefined;
    while (seen === undefined) seen = (await watch.next()).value?.alerts[0]?.silenceId;
    assert.equal(seen, silence?.silenceId);
    await watch.return?.();
    assert.equal((await notifications()).length, before);
    assert.equal((await list({ filter }))[0]?.silenceId, silence?.silenceId);
  });

  it("an escalation continues after a restart: each step starts one run, until a person takes the incident", async () => {
    const runs = () => installation.host.mesh.client(runService);
    const member = { name: "ada", receivers: ["runs"] };
    await assert.rejects(
      alerts().setRotation(
        SetRotationRequest.fromPartial({
          rotation: { rotationId: "web", members: [{ name: "ada", receivers: ["phone"] }] },
        }),
      ),
      { code: "insight.on_call_invalid" },
    );
    await alerts().setRotation(
      SetRotationRequest.fromPartial({ rotation: { rotationId: "web", members: [member] } }),
    );
    const steps = [
      { rotations: ["web"] },
      { afterMs: 60_000, receivers: ["runs"] },
      { afterMs: 60_000, receivers: ["runs"] },
    ];
    await alerts().setEscalationPolicy(
      SetEscalationPolicyRequest.fromPartial({ policy: { policyId: "night", steps } }),
    );
    const { rotations } = await alerts().listOnCall(ListOnCallRequest.fromPartial({}));
    assert.deepEqual(
      rotations.map(({ rotationId, shifts }) => [rotationId, shifts[0]?.member]),
      [["web", "ada"]],
    );
    const inputs = async () => {
      const { runs: all } = await runs().listRuns({
        ...{ namespace: "", filter: undefined, oldestFirst: true, page: undefined },
      });
      const found = [];
      for (const { runId } of all.filter(({ spec }) => spec?.labels["alert"] === "climbs")) {
        const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId }));
        const body = run?.spec?.input?.body;
        if (body?.$case === "inline") found.push(JSON.parse(Buffer.from(body.value).toString()));
      }
      return found.map(({ escalation }) => escalation);
    };
    const onCall = { policy: "night", step: 1, onCall: ["ada"] };
    await set(uptime("climbs", { escalation: "night", severity: Severity.SEVERITY_ERROR }));
    await installation.pass(15_000);
    await until("the first step", async () => (await inputs()).length === 1);
    assert.deepEqual(await inputs(), [onCall]);
    const [alert] = await list({ filter: { ruleId: "climbs" } });
    assert.deepEqual([alert?.escalation?.policyId, alert?.escalation?.step], ["night", 1]);
    await installation.restart(words);
    await installation.pass(50_000);
    await until("the second step", async () => (await inputs()).length === 2);
    assert.deepEqual(await inputs(), [onCall, { policy: "night", step: 2, onCall: [] }]);
    await alerts().updateIncident(
      UpdateIncidentRequest.fromPartial({ incidentId: alert?.incidentId ?? "", owner: "ada" }),
    );
    await installation.pass(120_000);
    assert.equal((await inputs()).length, 2);
    assert.equal((await list({ filter: { ruleId: "climbs" } }))[0]?.status, ALERT_STATUS_ACKNOWLEDGED);
    await alerts().deleteAlertRule({ namespace: "", ruleId: "climbs", reason: "" });
  });

  it("a rule is tried on the past, and one that divides by zero tells its problem and changes nothing", async () => {
    const request = (rule: AlertRule) =>
      TestAlertRuleRequest.fromPartial({
        rule,
        span: { from: toTimestamp(installation.now() - 60_000), to: toTimestamp(installation.now()) },
      });
    const tried = await alerts().testAlertRule(request(uptime("tried", { holdMs: 20_000 })));
    assert.deepEqual(
      tried.alerts.map(({ status }) => status),
      [ALERT_STATUS_FIRING],
    );
    const zero = uptime("zero", { condition: "1 / int(up - up) > 0" });
    assert.match((await alerts().testAlertRule(request(zero))).problems[0]?.message ?? "", /than 0/);
    await set(zero);
    await installation.pass(15_000);
    const { rules } = await alerts().listAlertRules(ListAlertRulesRequest.fromPartial({}));
    assert.match(rules.find(({ ruleId }) => ruleId === "zero")?.problem ?? "", /than 0/);
    assert.deepEqual(await list({ filter: { ruleId: "zero" } }), []);
    assert.equal((await fetch(`${installation.host.url}/readyz`)).status, 200);
  });

  it("an objective has a budget, burn rates and an alert", async () => {
    const metric = "tutti_mesh_calls_total";
    const counts = {
      metric,
      overTime: Aggregation.AGGREGATION_INCREASE,
      overSeries: Aggregation.AGGREGATION_SUM,
    };
    const slo = uptime("all-bad", {
      ...{ title: "All is bad", condition: "", objective: { goal: 0.99, periodMs: 0 } },
      queries: ["total", "bad"].map((queryId) => SeriesQuery.fromPartial({ queryId, ...counts })),
    });
    await set(slo);
    await installation.pass(130_000);
    const { objectives } = await alerts().listObjectives(ListObjectivesRequest.fromPartial({}));
    const [found] = objectives;
    assert.ok(found !== undefined && found.total > 0, JSON.stringify(objectives));
    assert.deepEqual([found.ruleId, found.bad], ["all-bad", found.total]);
    assert.ok(Math.abs(found.budgetLeft + 99) < 1e-6, `${found.budgetLeft}`);
    assert.equal(found.burnRates["burn_1h"], 100);
    const [alert] = await list({ filter: { ruleId: "all-bad" } });
    assert.equal(alert?.status, ALERT_STATUS_FIRING);
    await alerts().deleteAlertRule({ namespace: "", ruleId: "all-bad", reason: "" });
    assert.deepEqual((await alerts().listObjectives(ListObjectivesRequest.fromPartial({}))).objectives, []);
    await assert.rejects(set({ ...slo, objective: { goal: 1, periodMs: 0 } }), {
      code: "mesh.invalid_request",
    });
  });
});
