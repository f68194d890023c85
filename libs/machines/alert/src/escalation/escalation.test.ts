import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AlertRule, AlertStatus, EscalationPolicy, Rotation } from "@tutti/contracts/insight/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import {
  driven as drivenBy,
  keptOf,
  key,
  messages,
  rule,
  see,
  settleAll,
  silence,
  untilTold,
  untilToldAgain,
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

function driven(policy: Policy = twoSteps, given: Partial<AlertRule> = {}): Driver {
  const driver = drivenBy();
  const members = ["ada", "bob"].map((name) => ({ name, receivers: [`${name}-phone`] }));
  // The driver starts around 2023. Turns of one day keep handovers close.
  driver.execute(key, keepRotation, {
    rotation: Rotation.fromPartial({ rotationId: "web", members, everyDays: 1 }),
    revision: 0,
  });
  assert.ok(!isRefusal(keep(driver, policy)));
  driver.execute(key, keepRule, { rule: rule({ escalation: "night", ...given }), revision: 0 });
  return driver;
}

const keep = (driver: Driver, policy: Policy) =>
  driver.execute(key, keepPolicy, { policy: EscalationPolicy.fromPartial(policy), revision: 0 });

/** Returns the new messages of receivers since the last call: `boss 2: a b`. */
function told(driver: Driver): string[] {
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
  it("tells step 1 with the receivers of the rule, and step 2 after its time, once", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    assert.deepEqual(told(driver), ["ops 0: a", "desk 1: a"]);
    driver.advance(5 * minuteMs - 1_000);
    assert.deepEqual(told(driver), []);
    driver.advance(1_001);
    assert.deepEqual(told(driver), ["boss 2: a"]);
    driver.advance(60 * minuteMs);
    assert.deepEqual(told(driver), []);
    driver.checkReplay();
  });

  it("stops when the alert is acknowledged, and all who were notified hear of its end", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    told(driver);
    driver.execute(key, takeAlert, { alertId: "a1" });
    driver.advance(60 * minuteMs);
    assert.deepEqual(told(driver), []);
    see(driver);
    untilToldAgain(driver);
    assert.deepEqual(told(driver), ["ops 0: a over", "desk 1: a over"]);
    assert.deepEqual(keptOf(driver).escalations, []);
    driver.checkReplay();
  });

  it("stops when a person takes the incident, and a later alert starts with step 1", () => {
    const driver = driven();
    see(driver, "a", "b");
    untilTold(driver);
    told(driver);
    driver.advance(5 * minuteMs);
    assert.deepEqual(told(driver), ["boss 2: a b"]);
    own(driver, "ada");
    const { alerts } = keptOf(driver);
    assert.ok(alerts.every(({ status }) => status === AlertStatus.ALERT_STATUS_ACKNOWLEDGED));
    see(driver, "a", "b", "c");
    untilToldAgain(driver);
    assert.deepEqual(told(driver), ["ops 0: c", "desk 1: c", "boss 2: c"]);
    driver.advance(5 * minuteMs);
    assert.deepEqual(told(driver), ["boss 2: c"]);
    driver.checkReplay();
  });

  it("stops when the alert ends, and the next alert starts with step 1", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    told(driver);
    see(driver);
    untilToldAgain(driver);
    assert.deepEqual(told(driver), ["ops 0: a over", "desk 1: a over"]);
    driver.advance(60 * minuteMs);
    assert.deepEqual([told(driver), keptOf(driver).escalations], [[], []]);
    see(driver, "a");
    untilTold(driver);
    assert.deepEqual(told(driver), ["ops 0: a", "desk 1: a"]);
  });

  it("a later alert reaches all who were notified, and steps keep their times", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    told(driver);
    driver.advance(4 * minuteMs);
    see(driver, "a", "b");
    untilTold(driver);
    assert.deepEqual(told(driver), ["ops 0: b", "desk 1: b"]);
    driver.advance(minuteMs);
    assert.deepEqual(told(driver), ["boss 2: a b"]);
  });

  it("repeats its steps as often as the policy says", () => {
    const driver = driven({ ...twoSteps, repeats: 2, repeatAfterMs: 10 * minuteMs });
    see(driver, "a");
    const found: string[] = [];
    for (let minutes = 0; minutes < 120; minutes++) {
      driver.advance(minuteMs);
      found.push(...told(driver).map((text) => `${minutes + 1} ${text}`));
    }
    assert.deepEqual(found, [
      ...["1 ops 0: a", "1 desk 1: a", "6 boss 2: a", "16 desk 1: a", "21 boss 2: a"],
      ...["31 desk 1: a", "36 boss 2: a"],
    ]);
  });

  it("tells who is on call when the step is due, and who came on call since with the next alert", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] }, { receivers: [] });
    const on = () => keptOf(driver).escalations[0]?.receivers.join(" ");
    see(driver, "a");
    untilTold(driver);
    const [first] = messages(driver);
    assert.equal(first?.receiver, `${first?.escalation?.onCall[0]}-phone`);
    settleAll(driver);
    const other = first?.escalation?.onCall[0] === "ada" ? "bob-phone" : "ada-phone";
    driver.advance(24 * 60 * minuteMs);
    assert.deepEqual(told(driver), []);
    see(driver, "a", "b");
    untilTold(driver);
    assert.deepEqual(told(driver), [`${first?.receiver} 1: b`, `${other} 1: a b`]);
    assert.equal(on(), `${first?.receiver} ${other}`);
    see(driver);
    untilToldAgain(driver);
    assert.deepEqual(told(driver), [`${first?.receiver} 1: a over b over`, `${other} 1: a over b over`]);
    driver.checkReplay();
  });

  it("an override decides who is notified", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] }, { receivers: [] });
    const span = { from: toTimestamp(driver.nowMs - 1), to: toTimestamp(driver.nowMs + minuteMs) };
    const overrides = [{ member: "joe", receivers: ["joe-phone"], span }];
    const members = [{ name: "ada", receivers: ["ada-phone"] }];
    driver.execute(key, keepRotation, {
      rotation: Rotation.fromPartial({ rotationId: "web", members, overrides }),
      revision: 0,
    });
    see(driver, "a");
    untilTold(driver);
    assert.deepEqual(told(driver), ["joe-phone 1: a"]);
  });

  it("waits while its alerts are silenced, and continues afterwards", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    told(driver);
    silence(driver, { ruleId: "failures", toMs: driver.nowMs + 60 * minuteMs });
    driver.advance(30 * minuteMs);
    assert.deepEqual(told(driver), []);
    driver.execute(key, endSilence, { silenceId: "s2" });
    driver.advance(minuteMs + 1);
    assert.deepEqual(told(driver), ["boss 2: a"]);
  });

  it("an alert that was silenced from its start escalates when the silence ends", () => {
    const driver = driven();
    silence(driver, { toMs: driver.nowMs + 10 * minuteMs });
    see(driver, "a");
    driver.advance(9 * minuteMs);
    assert.deepEqual(told(driver), []);
    driver.advance(2 * minuteMs);
    assert.deepEqual(told(driver), ["ops 0: a", "desk 1: a"]);
  });

  it("the first step can wait, and a receiver in several places gets one message", () => {
    const driver = driven({
      policyId: "night",
      steps: [{ afterMs: minuteMs, receivers: ["ops", "desk"] }],
    });
    see(driver, "a");
    untilTold(driver);
    assert.deepEqual(told(driver), ["ops 0: a"]);
    driver.advance(minuteMs);
    assert.deepEqual(told(driver), ["ops 1: a", "desk 1: a"]);
    see(driver);
    untilToldAgain(driver);
    assert.deepEqual(told(driver), ["ops 1: a over", "desk 1: a over"]);
  });

  it("10,000 alerts are one message for each receiver and step", () => {
    const driver = driven();
    const pools = Array.from({ length: 10_000 }, (_, number) => `pool-${number}`);
    see(driver, ...pools);
    untilTold(driver);
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

  it("alerts that fire escalate when their rule gets a policy, and rest when it has none", () => {
    const driver = driven(twoSteps, { escalation: "" });
    see(driver, "a");
    untilTold(driver);
    assert.deepEqual(told(driver), ["ops 0: a"]);
    driver.execute(key, keepRule, { rule: rule({ escalation: "night" }), revision: 0 });
    assert.deepEqual(told(driver), ["desk 1: a"]);
    driver.execute(key, keepRule, { rule: rule(), revision: 0 });
    driver.advance(60 * minuteMs);
    assert.deepEqual(told(driver), []);
    see(driver);
    untilToldAgain(driver);
    assert.deepEqual(told(driver), ["ops 0: a over", "desk 1: a over"]);
  });

  it("a policy that gets shorter ends, and receivers of a removed rule hear of the end", () => {
    const driver = driven();
    see(driver, "a");
    untilTold(driver);
    told(driver);
    keep(driver, { ...twoSteps, steps: [{ receivers: ["desk"] }] });
    driver.advance(60 * minuteMs);
    assert.deepEqual(told(driver), []);
    driver.execute(key, removeRule, { ruleId: "failures" });
    assert.deepEqual(told(driver), ["ops 0: a over", "desk 1: a over"]);
    assert.deepEqual(keptOf(driver).escalations, []);
  });

  it("what is in use is not removed, and what does not exist cannot be named", () => {
    const driver = driven({ policyId: "night", steps: [{ rotations: ["web"] }] });
    assert.equal(codeOf(driver.execute(key, removeRotation, { rotationId: "web" })), "alert.in_use");
    assert.equal(codeOf(driver.execute(key, removePolicy, { policyId: "night" })), "alert.in_use");
    const unknown = rule({ escalation: "day" });
    assert.equal(codeOf(driver.execute(key, keepRule, { rule: unknown, revision: 0 })), "alert.invalid");
    assert.equal(codeOf(keep(driver, { policyId: "day", steps: [{ rotations: ["ops"] }] })), "alert.invalid");
    assert.equal(codeOf(keep(driver, { policyId: "day", steps: [] })), "alert.invalid");
    assert.equal(codeOf(keep(driver, { policyId: "day", steps: [{}] })), "alert.invalid");
    const hasty = { policyId: "day", steps: [{ receivers: ["a"] }, { receivers: ["b"] }] };
    assert.equal(codeOf(keep(driver, hasty)), "alert.invalid");
    driver.execute(key, removeRule, { ruleId: "failures" });
    assert.deepEqual(driver.execute(key, removePolicy, { policyId: "night" }), { removed: true });
    assert.deepEqual(driver.execute(key, removeRotation, { rotationId: "web" }), { removed: true });
    assert.deepEqual(driver.execute(key, removeRotation, { rotationId: "web" }), { removed: false });
  });

  it("a change by an older revision is rejected, and the same again changes nothing", () => {
    const driver = driven();
    const before = driver.history(key).length;
    assert.deepEqual(keep(driver, twoSteps), { revision: 1 });
    assert.equal(driver.history(key).length, before);
    const body = { policy: EscalationPolicy.fromPartial({ ...twoSteps, title: "Night" }), revision: 2 };
    assert.equal(codeOf(driver.execute(key, keepPolicy, body)), "alert.on_call_moved");
  });
});
