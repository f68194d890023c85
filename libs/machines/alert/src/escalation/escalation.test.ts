import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AlertRule, AlertStatus, EscalationPolicy, Rotation } from "@tutti/contracts/insight/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import {
  advancePastGrouping,
  advancePastInterval,
  driven as drivenBy,
  key,
  messages,
  reportFiring,
  rule,
  settleAll,
  silence,
  stateOf,
} from "../alert.fixture.ts";
import {
  changeIncident,
  endSilence,
  keepPolicy,
  keepRotation,
  keepRule,
  removePolicy,
  removeRotation,
  removeRule,
  takeAlert,
} from "../index.ts";

const minuteMs = 60_000;
type Driver = ReturnType<typeof drivenBy>;
type Policy = Parameters<typeof EscalationPolicy.fromPartial>[0];

const twoSteps: Policy = {
  policyId: "night",
  steps: [{ receivers: ["desk"] }, { afterMs: 5 * minuteMs, receivers: ["boss"] }],
};

function driven(policy: Policy = twoSteps, overrides: Partial<AlertRule> = {}): Driver {
  const driver = drivenBy();
  const members = ["ada", "bob"].map((name) => ({ name, receivers: [`${name}-phone`] }));
  // The driver starts around 2023. Turns of one day keep handovers close.
  driver.execute(key, keepRotation, {
    rotation: Rotation.fromPartial({ rotationId: "web", members, everyDays: 1 }),
    revision: 0,
  });
  assert.ok(!isRefusal(setPolicy(driver, policy)));
  driver.execute(key, keepRule, { rule: rule({ escalation: "night", ...overrides }), revision: 0 });
  return driver;
}

const setPolicy = (driver: Driver, policy: Policy) =>
  driver.execute(key, keepPolicy, { policy: EscalationPolicy.fromPartial(policy), revision: 0 });

/** Returns the new messages of receivers since the last call: `boss 2: a b`. */
function newMessages(driver: Driver): string[] {
  const found = messages(driver).map(({ receiver, escalation, alerts }) =>
    [
      `${receiver} ${escalation?.step ?? 0}:`,
      ...alerts.map(({ labels, endMs }) => `${labels["pool"]}${endMs > 0 ? " over" : ""}`),
    ].join(" "),
  );
  settleAll(driver);
  return found;
}

const codeOf = (answer: unknown) => (isRefusal(answer) ? answer.code : answer);
const own = (driver: Driver, owner: string) =>
  driver.execute(key, changeIncident, { incidentId: "i1", owner, note: "", resolution: "", postMortem: "" });

describe("an escalation", () => {
  it("notifies step 1 with the receivers of the rule, and step 2 after its delay, once", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a", "desk 1: a"]);
    driver.advance(5 * minuteMs - 1_000);
    assert.deepEqual(newMessages(driver), []);
    driver.advance(1_001);
    assert.deepEqual(newMessages(driver), ["boss 2: a"]);
    driver.advance(60 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    driver.checkReplay();
  });

  it("stops when the alert is acknowledged, and all notified receivers learn of its end", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    newMessages(driver);
    driver.execute(key, takeAlert, { alertId: "a1" });
    driver.advance(60 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a over", "desk 1: a over"]);
    assert.deepEqual(stateOf(driver).escalations, []);
    driver.checkReplay();
  });

  it("stops when a person takes ownership of the incident, and a later alert starts with step 1", () => {
    const driver = driven();
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    newMessages(driver);
    driver.advance(5 * minuteMs);
    assert.deepEqual(newMessages(driver), ["boss 2: a b"]);
    own(driver, "ada");
    const { alerts } = stateOf(driver);
    assert.ok(alerts.every(({ status }) => status === AlertStatus.ALERT_STATUS_ACKNOWLEDGED));
    reportFiring(driver, "a", "b", "c");
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: c", "desk 1: c", "boss 2: c"]);
    driver.advance(5 * minuteMs);
    assert.deepEqual(newMessages(driver), ["boss 2: c"]);
    driver.checkReplay();
  });

  it("stops when the alert ends, and the next alert starts with step 1", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    newMessages(driver);
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a over", "desk 1: a over"]);
    driver.advance(60 * minuteMs);
    assert.deepEqual([newMessages(driver), stateOf(driver).escalations], [[], []]);
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a", "desk 1: a"]);
  });

  it("a later alert reaches all notified receivers, and steps keep their times", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    newMessages(driver);
    driver.advance(4 * minuteMs);
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: b", "desk 1: b"]);
    driver.advance(minuteMs);
    assert.deepEqual(newMessages(driver), ["boss 2: a b"]);
  });

  it("repeats its steps as often as the policy requires", () => {
    const driver = driven({ ...twoSteps, repeats: 2, repeatAfterMs: 10 * minuteMs });
    reportFiring(driver, "a");
    const found: string[] = [];
    for (let minutes = 0; minutes < 120; minutes++) {
      driver.advance(minuteMs);
      found.push(...newMessages(driver).map((text) => `${minutes + 1} ${text}`));
    }
    assert.deepEqual(found, [
      ...["1 ops 0: a", "1 desk 1: a", "6 boss 2: a", "16 desk 1: a", "21 boss 2: a"],
      ...["31 desk 1: a", "36 boss 2: a"],
    ]);
  });

  it("notifies the member on call when a step is due, and the next member on call with the next alert", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] }, { receivers: [] });
    const on = () => stateOf(driver).escalations[0]?.receivers.join(" ");
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    const [first] = messages(driver);
    assert.equal(first?.receiver, `${first?.escalation?.onCall[0]}-phone`);
    settleAll(driver);
    const other = first?.escalation?.onCall[0] === "ada" ? "bob-phone" : "ada-phone";
    driver.advance(24 * 60 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), [`${first?.receiver} 1: b`, `${other} 1: a b`]);
    assert.equal(on(), `${first?.receiver} ${other}`);
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), [
      `${first?.receiver} 1: a over b over`,
      `${other} 1: a over b over`,
    ]);
    driver.checkReplay();
  });

  it("an override replaces the notified member", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] }, { receivers: [] });
    const span = { from: toTimestamp(driver.nowMs - 1), to: toTimestamp(driver.nowMs + minuteMs) };
    const overrides = [{ member: "joe", receivers: ["joe-phone"], span }];
    const members = [{ name: "ada", receivers: ["ada-phone"] }];
    driver.execute(key, keepRotation, {
      rotation: Rotation.fromPartial({ rotationId: "web", members, overrides }),
      revision: 0,
    });
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["joe-phone 1: a"]);
  });

  it("waits while its alerts are silenced, and continues afterwards", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    newMessages(driver);
    silence(driver, { ruleId: "failures", toMs: driver.nowMs + 60 * minuteMs });
    driver.advance(30 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    driver.execute(key, endSilence, { silenceId: "s2" });
    driver.advance(minuteMs + 1);
    assert.deepEqual(newMessages(driver), ["boss 2: a"]);
  });

  it("an alert that was silenced from its start escalates when the silence ends", () => {
    const driver = driven();
    silence(driver, { toMs: driver.nowMs + 10 * minuteMs });
    reportFiring(driver, "a");
    driver.advance(9 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    driver.advance(2 * minuteMs);
    assert.deepEqual(newMessages(driver), ["ops 0: a", "desk 1: a"]);
  });

  it("the first step can have a delay, and a receiver in several steps gets one end message", () => {
    const driver = driven({
      policyId: "night",
      steps: [{ afterMs: minuteMs, receivers: ["ops", "desk"] }],
    });
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a"]);
    driver.advance(minuteMs);
    assert.deepEqual(newMessages(driver), ["ops 1: a", "desk 1: a"]);
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), ["ops 1: a over", "desk 1: a over"]);
  });

  it("10,000 alerts are one message per receiver and step", () => {
    const driver = driven();
    const pools = Array.from({ length: 10_000 }, (_, number) => `pool-${number}`);
    reportFiring(driver, ...pools);
    advancePastGrouping(driver);
    driver.advance(5 * minuteMs);
    assert.deepEqual(
      messages(driver).map(({ receiver, count }) => [receiver, count]),
      [
        ["ops", 10_000],
        ["desk", 10_000],
        ["boss", 10_000],
      ],
    );
  });

  it("alerts that arrive one after the other are one message, for at most two seconds", () => {
    const pools = Array.from({ length: 100 }, (_, number) => `pool-${number}`);
    const arrive = (count: number, everyMs: number) => {
      const driver = driven();
      for (let arrived = 10; arrived <= count; arrived += 10) {
        reportFiring(driver, ...pools.slice(0, arrived));
        driver.advance(everyMs);
      }
      advancePastGrouping(driver);
      return messages(driver).flatMap(({ receiver, count }) => (receiver === "ops" ? [count] : []));
    };
    assert.deepEqual(arrive(100, 100), [100]);
    // The rest follows after the interval between two messages.
    assert.deepEqual(arrive(100, 199), [100]);
    assert.deepEqual(arrive(20, 201), [10]);
  });

  it("alerts that fire escalate when their rule gets a policy, and rest when it has none", () => {
    const driver = driven(twoSteps, { escalation: "" });
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a"]);
    driver.execute(key, keepRule, { rule: rule({ escalation: "night" }), revision: 0 });
    assert.deepEqual(newMessages(driver), ["desk 1: a"]);
    driver.execute(key, keepRule, { rule: rule(), revision: 0 });
    driver.advance(60 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(newMessages(driver), ["ops 0: a over", "desk 1: a over"]);
  });

  it("a shortened policy ends the escalation, and receivers of a removed rule are notified of the end", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    newMessages(driver);
    setPolicy(driver, { ...twoSteps, steps: [{ receivers: ["desk"] }] });
    driver.advance(60 * minuteMs);
    assert.deepEqual(newMessages(driver), []);
    driver.execute(key, removeRule, { ruleId: "failures" });
    assert.deepEqual(newMessages(driver), ["ops 0: a over", "desk 1: a over"]);
    assert.deepEqual(stateOf(driver).escalations, []);
  });

  it("a rotation or policy in use cannot be removed, and an unknown one cannot be used", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] });
    assert.equal(codeOf(driver.execute(key, removeRotation, { rotationId: "web" })), "alert.in_use");
    assert.equal(codeOf(driver.execute(key, removePolicy, { policyId: "night" })), "alert.in_use");
    const unknown = rule({ escalation: "day" });
    assert.equal(codeOf(driver.execute(key, keepRule, { rule: unknown, revision: 0 })), "alert.invalid");
    assert.equal(
      codeOf(setPolicy(driver, { policyId: "day", steps: [{ rotations: ["ops"] }] })),
      "alert.invalid",
    );
    assert.equal(codeOf(setPolicy(driver, { policyId: "day", steps: [] })), "alert.invalid");
    assert.equal(codeOf(setPolicy(driver, { policyId: "day", steps: [{}] })), "alert.invalid");
    const hasty = { policyId: "day", steps: [{ receivers: ["a"] }, { receivers: ["b"] }] };
    assert.equal(codeOf(setPolicy(driver, hasty)), "alert.invalid");
    driver.execute(key, removeRule, { ruleId: "failures" });
    assert.deepEqual(driver.execute(key, removePolicy, { policyId: "night" }), { removed: true });
    assert.deepEqual(driver.execute(key, removeRotation, { rotationId: "web" }), { removed: true });
    assert.deepEqual(driver.execute(key, removeRotation, { rotationId: "web" }), { removed: false });
  });

  it("a change with an older revision is rejected, and a repeated change records no event", () => {
    const driver = driven();
    const before = driver.history(key).length;
    assert.deepEqual(setPolicy(driver, twoSteps), { revision: 1 });
    assert.equal(driver.history(key).length, before);
    const body = { policy: EscalationPolicy.fromPartial({ ...twoSteps, title: "Night" }), revision: 2 };
    assert.equal(codeOf(driver.execute(key, keepPolicy, body)), "alert.on_call_moved");
  });
});
