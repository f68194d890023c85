import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
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
  RepairIncidentRequest,
  RepairKind,
  RetryNotificationsRequest,
  SeriesQuery,
  SetAlertRuleRequest,
  SetEscalationPolicyRequest,
  SetRotationRequest,
  TestAlertRuleRequest,
  UpdateIncidentRequest,
  WatchAlertsRequest,
} from "@tutti/contracts/insight/v1";
import { agentService, Scaler, scalerService } from "@tutti/contracts/swarm/v1";
import { Severity, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  definitionService,
  GetRunRequest,
  type RunSpec,
  runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { TaskFailure } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const { ALERT_STATUS_FIRING, ALERT_STATUS_ACKNOWLEDGED, ALERT_STATUS_RESOLVED } = AlertStatus;

/** Fires if the process has been running for longer than a given time. */
const uptime = (ruleId: string, fields: Partial<AlertRule> = {}): AlertRule =>
  AlertRule.fromPartial({
    ...{ ruleId, title: "Up for ${{ up }} s", advice: "None", severity: Severity.SEVERITY_WARNING },
    queries: [{ queryId: "up", metric: "process_uptime_seconds", overSeries: Aggregation.AGGREGATION_MAX }],
    ...{ condition: "up > 0.0", ...fields },
  });

const receivers = {
  runs: { kind: "workflow", workflow: "handle-alert", namespace: "default" },
  gone: { kind: "workflow", workflow: "not-there", namespace: "default" },
};
const args = [`--insight.receivers=${JSON.stringify(receivers)}`];

const handle = `workflow: handle-alert
tasks:
  wait: {wait: 1h}
`;

const bill = `workflow: bill
tasks:
  charge: {uses: pay.bill, with: {order: "\${{ input.order }}", currency: Euro}}
`;

describe("alerts of an installation", () => {
  let installation: Installation;
  const alerts = () => installation.host.mesh.client(alertService);
  const list = async (filter: object = {}) =>
    (await alerts().listAlerts(ListAlertsRequest.fromPartial(filter))).alerts;
  const set = (rule: AlertRule) => alerts().setAlertRule(SetAlertRuleRequest.fromPartial({ rule }));
  const notifications = async () =>
    (await alerts().listNotifications(ListNotificationsRequest.fromPartial({}))).notifications;

  before(async () => {
    installation = await Installation.open(args, { insight: true });
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
    await installation.restart(args);
    const listed = (await alerts().listAlertRules(ListAlertRulesRequest.fromPartial({}))).rules;
    assert.equal(listed.find((rule) => rule.ruleId === ruleId)?.disabled, true);
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

  it("an alert fires, starts one run, is acknowledged, and ends when its rule is deleted", async () => {
    const events: string[] = [];
    const subscription = await installation.host.bus.subscribe({
      ...{ pattern: "tutti.insight.alert.>", namespace: "system" },
      handle: { each: ({ type }) => events.push(type) },
    });
    await set(uptime("up", { receivers: ["runs"] }));
    // The first evaluation may run before the first samples.
    const alert = await until("the alert", async () => {
      await installation.pass(15_000);
      return (await list())[0];
    });
    assert.deepEqual([alert.ruleId, alert.status], ["up", ALERT_STATUS_FIRING]);
    assert.match(alert.title, /^Up for \d+(\.\d+)? s$/);
    const runs = installation.host.mesh.client(runService);
    const [run] = await until("the run of the alert", async () => {
      const found = await runs.listRuns({
        ...{ namespace: "", filter: undefined, oldestFirst: false, page: undefined },
      });
      return found.runs.length > 0 ? found.runs : undefined;
    });
    assert.equal(run?.spec?.labels["alert"], "up");
    const { run: full } = await runs.getRun(GetRunRequest.fromPartial({ runId: run?.runId ?? "" }));
    const body = full?.spec?.input?.body;
    const input = body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : {};
    assert.deepEqual([input.id, input.rule, input.count], [run?.runId, "up", 1]);
    const { alertId } = alert;
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
    await subscription.close();
    assert.deepEqual(await notifications(), []);
  });

  it("a notification that cannot be delivered becomes a dead letter, and is resent on request", async () => {
    await set(uptime("letters", { receivers: ["gone"] }));
    await installation.pass(15_000);
    const [deadLetter] = await until("the dead letter", async () => {
      const found = await notifications();
      return found[0]?.dead === true ? found : undefined;
    });
    assert.deepEqual([deadLetter?.receiver, deadLetter?.alerts, deadLetter?.attempt], ["gone", 1, 1]);
    assert.match(deadLetter?.problem ?? "", /not-there/);
    const retried = await alerts().retryNotifications(RetryNotificationsRequest.fromPartial({}));
    assert.equal(retried.count, 1);
    await until("the second attempt", async () => {
      const [found] = await notifications();
      return found?.dead === true && found.attempt === 2;
    });
    await alerts().deleteAlertRule({ namespace: "", ruleId: "letters", reason: "" });
  });

  it("a silence keeps the alert visible without notifications, and a watch reports it", async () => {
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
    let received: string | undefined;
    while (received === undefined) received = (await watch.next()).value?.alerts[0]?.silenceId;
    assert.equal(received, silence?.silenceId);
    await watch.return?.();
    assert.equal((await notifications()).length, before);
    assert.equal((await list({ filter }))[0]?.silenceId, silence?.silenceId);
  });

  it("an escalation continues after a restart: each step starts one run, until the incident has an owner", async () => {
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
    await installation.restart(args);
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

  it("a rule is tested on past data, and a rule that divides by zero reports its problem and fires nothing", async () => {
    const request = (rule: AlertRule) =>
      TestAlertRuleRequest.fromPartial({
        rule,
        span: { from: toTimestamp(installation.now() - 60_000), to: toTimestamp(installation.now()) },
      });
    const tested = await alerts().testAlertRule(request(uptime("tried", { holdMs: 20_000 })));
    assert.deepEqual(
      tested.alerts.map(({ status }) => status),
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

  it("a repair previews its effect, and only a run that insight started may execute it", async (t) => {
    let isBankDown = true;
    const worker = installation.worker({ agentId: "till" });
    worker.handle("pay.charge", async () => {
      if (isBankDown) throw new TaskFailure("bank.down", "The bank is away", { final: true });
      return "charged";
    });
    await worker.start();
    t.after(() => worker.stop());
    const runs = installation.host.mesh.client(runService);
    const start = async (runId: string, spec: Parameters<typeof RunSpec.fromPartial>[0]) => {
      await runs.startRun(StartRunRequest.fromPartial({ runId, spec }));
      return end(runId);
    };
    const end = async (runId: string) => {
      for (;;) {
        const { run } = await runs.awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
        if (run?.endTime !== undefined) return run;
      }
    };
    const tasks = (value: string): Parameters<typeof RunSpec.fromPartial>[0] => ({
      what: { $case: "tasks", value: { tasks: [{ id: "repair", work: { $case: "capability", value } }] } },
    });
    for (const runId of ["shop-1", "shop-2"])
      assert.equal((await start(runId, tasks("pay.charge")))?.status, WorkStatus.WORK_STATUS_FAILED);
    await set(uptime("shop", { severity: Severity.SEVERITY_ERROR }));
    let incidentId = "";
    await until("an incident", async () => {
      await installation.pass(10_000);
      const [alert] = await list({ filter: { ruleId: "shop" } });
      incidentId = alert?.incidentId ?? "";
      return incidentId !== "";
    });
    const repair = async (input: object) =>
      alerts().repairIncident(RepairIncidentRequest.fromPartial({ incidentId, ...input }));
    const retry = { kind: RepairKind.REPAIR_KIND_RETRY, reason: "the bank is back" };
    await until("the index to have both", async () => (await repair({ ...retry, dryRun: true })).count >= 2);
    const preview = await repair({ ...retry, dryRun: true });
    assert.deepEqual([preview.summary, preview.run], ["Retries 2 failed runs.", undefined]);
    isBankDown = false;
    const [first, second] = [
      await repair({ ...retry, idempotencyKey: "k" }),
      await repair({ ...retry, idempotencyKey: "k" }),
    ];
    assert.equal(first.run?.id, second.run?.id);
    assert.equal((await end(first.run?.id ?? ""))?.status, WorkStatus.WORK_STATUS_COMPLETED);
    for (const runId of ["shop-1", "shop-2"])
      assert.equal((await end(runId))?.status, WorkStatus.WORK_STATUS_COMPLETED);
    await assert.rejects(repair({ ...retry, undo: true }), { code: "insight.repair_final" });

    const pause = { kind: RepairKind.REPAIR_KIND_PAUSE_AGENT, subject: "till" };
    for (const undo of [false, true]) {
      const { run } = await repair({ ...pause, undo });
      assert.equal((await end(run?.id ?? ""))?.status, WorkStatus.WORK_STATUS_COMPLETED);
      const agents = installation.host.mesh.client(agentService);
      const { agent } = await agents.getAgent({ namespace: "", pool: "", agentId: "till" });
      assert.equal(agent?.hold === Hold.HOLD_PAUSED, !undo);
    }
    await assert.rejects(repair({ ...pause, subject: "nope" }), { code: "insight.repair_subject_missing" });
    const { incident } = await alerts().getIncident({ namespace: "", incidentId });
    const notes = incident?.timeline.map(({ text }) => text.replace(/ Run .*/, "")) ?? [];
    assert.deepEqual(notes.filter((text) => text.startsWith("Repair ")).slice(0, 2), [
      "Repair started: Retries 2 failed runs.",
      "Repair done: Retries 2 failed runs.",
    ]);
    const foreign = await start("foreign", { ...tasks("tutti.repair"), pool: "insight" });
    const refusal = foreign?.outcome?.result;
    assert.equal(refusal?.$case === "failed" && refusal.value.code, "insight.run_foreign");
    await alerts().deleteAlertRule({ namespace: "", ruleId: "shop", reason: "" });
  });

  it("a repair corrects an input of failed runs, and raises the bounds of a scaler until its undo", async (t) => {
    const charged: unknown[] = [];
    const worker = installation.worker({ agentId: "clerk" });
    worker.handle("pay.bill", async (input: { readonly currency: string; readonly order: number }) => {
      if (input.currency !== "EUR") throw new TaskFailure("currency.unknown", "Which?", { final: true });
      charged.push(input);
      return "billed";
    });
    await worker.start();
    t.after(() => worker.stop());
    const { mesh } = installation.host;
    await mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: bill, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
    const runs = mesh.client(runService);
    const end = async (runId: string) => {
      for (;;) {
        const { run } = await runs.awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
        if (run?.endTime !== undefined) return run.status;
      }
    };
    for (const order of [1, 2]) {
      const body = { $case: "inline", value: Buffer.from(JSON.stringify({ order })) } as const;
      const spec = { what: { $case: "definition", value: { name: "bill" } }, input: { body } } as const;
      await runs.startRun(StartRunRequest.fromPartial({ runId: `bill-${order}`, spec }));
      assert.equal(await end(`bill-${order}`), WorkStatus.WORK_STATUS_FAILED);
    }
    const scalers = mesh.client(scalerService);
    const driver = { $case: "process" as const, value: { command: ["node", "--version"] } };
    const scaler = Scaler.fromPartial({ scalerId: "clerks", driver, labels: { team: "till" }, maxAgents: 3 });
    await scalers.createScaler({ namespace: "", scaler });
    await set(uptime("bills", { severity: Severity.SEVERITY_ERROR }));
    let incidentId = "";
    await until("an incident", async () => {
      await installation.pass(10_000);
      incidentId = (await list({ filter: { ruleId: "bills" } }))[0]?.incidentId ?? "";
      return incidentId !== "";
    });
    const repair = async (input: object) =>
      alerts().repairIncident(RepairIncidentRequest.fromPartial({ incidentId, ...input }));

    // The facts of the failed runs may arrive after the alert. A separate process answers queries about facts.
    await installation.keptHost.paced(() =>
      until("a suggested fix", async () => {
        const { incident } = await alerts().getIncident({ namespace: "", incidentId });
        const suggested = incident?.repairs.find(({ kind }) => kind === RepairKind.REPAIR_KIND_FIX);
        return suggested?.subject === "bill" && suggested.taskId === "charge";
      }),
    );
    const body = { $case: "inline", value: Buffer.from('{"currency": "EUR"}') } as const;
    const fix = { kind: RepairKind.REPAIR_KIND_FIX, subject: "bill", taskId: "charge", patch: { body } };
    await assert.rejects(repair({ ...fix, taskId: "" }), { code: "insight.repair_unfit" });
    await assert.rejects(repair({ ...fix, undo: true }), { code: "insight.repair_final" });
    assert.equal((await repair({ ...fix, taskId: "other", dryRun: true })).leftAlone, 2);
    await until("the index", async () => (await repair({ ...fix, dryRun: true })).count === 2);
    const fixed = await repair(fix);
    assert.match(fixed.summary, /^Corrects the input of charge in 2 failed runs of bill/);
    assert.equal(await end(fixed.run?.id ?? ""), WorkStatus.WORK_STATUS_COMPLETED);
    for (const order of [1, 2]) assert.equal(await end(`bill-${order}`), WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual(
      charged.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other))),
      [1, 2].map((order) => ({ currency: "EUR", order })),
    );

    const scale = { kind: RepairKind.REPAIR_KIND_SCALE, subject: "default" };
    const bounds = async () => {
      const found = await scalers.getScaler({ namespace: "", pool: "", scalerId: "clerks" });
      return [found.scaler?.minAgents, found.scaler?.maxAgents, found.scaler?.labels["team"]];
    };
    await assert.rejects(repair({ ...scale, undo: true }), { code: "insight.repair_not_made" });
    await assert.rejects(repair({ ...scale, subject: "gpu" }), { code: "insight.repair_subject_missing" });
    assert.match(
      (await repair({ ...scale, agents: 5, dryRun: true })).summary,
      /^Scaler clerks of pool default starts at least 5 agents, 0 before, and at most 5\.$/,
    );
    for (const [input, expected] of [
      [{ agents: 5 }, [5, 5, "till"]],
      [{ agents: 9, subject: "default/clerks" }, [9, 9, "till"]],
      [{ undo: true }, [0, 3, "till"]],
    ] as const) {
      const { run } = await repair({ ...scale, ...input });
      assert.equal(await end(run?.id ?? ""), WorkStatus.WORK_STATUS_COMPLETED);
      assert.deepEqual(await bounds(), expected);
    }
    await scalers.deleteScaler({ namespace: "", pool: "", scalerId: "clerks", reason: "" });
    await alerts().deleteAlertRule({ namespace: "", ruleId: "bills", reason: "" });
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
