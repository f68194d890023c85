/** Random commands to alerts: few rules and labels, so that they interact. */
import { AlertRule, EscalationPolicy, Rotation } from "@tutti/contracts/insight/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

const key = fc
  .constantFrom("default", "shop")
  .map((namespace) => ({ namespace, kind: "alert", id: namespace }));
const ruleId = fc.constantFrom("failures", "queue");

const rule = fc
  .record({
    ruleId: fc.constantFrom("failures", "queue", "failures", ""),
    holdMs: fc.constantFrom(0, 0, 2_000),
    receivers: fc.constantFrom([], ["ops"], ["ops", "chat"]),
    disabled: fc.constantFrom(false, false, false, true),
    external: fc.constant(false),
    inhibitedBy: fc.constantFrom([], [], ["queue"], ["failures"], ["queue", "failures"]),
    inhibitLabels: fc.constantFrom([], ["pool"]),
    escalation: fc.constantFrom("", "", "night"),
  })
  .map((fields) => ({
    ...{ namespace: "", title: "Runs fail", advice: "", queries: [], condition: "failed > 0.0" },
    everyMs: 0,
    windowMs: 0,
    problem: "",
    severity: 3,
    labels: {},
    readyMade: false,
    updateCause: undefined,
    revision: "",
    ...fields,
  }));

const found = fc
  .uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 })
  .map((pools) => pools.map((pool) => ({ labels: { pool }, values: { failed: 1 }, title: "", advice: "" })));

const external = fc
  .boolean()
  .map((disabled) =>
    AlertRule.fromPartial({ ruleId: "disk", title: "Disk", receivers: ["ops"], external: true, disabled }),
  );

const patternOf = (value: string) => ({
  matchers: [{ name: "pool", value, regex: true, negated: false }],
  author: "ada",
});

/** The last end is in the past. */
const reported = fc
  .record({
    alertname: fc.constantFrom("failures", "disk", "disk"),
    pool: fc.constantFrom("a", "b"),
    endMs: fc.constantFrom(0, 8_000_000_000_000, 1),
    summary: fc.constantFrom("", "Disk is full"),
  })
  .map(({ alertname, pool, endMs, summary }) => ({
    ...{ labels: { alertname, pool, severity: "critical" }, annotations: { summary } },
    ...{ startMs: 0, endMs, generatorUrl: "" },
  }));

const rotation = fc
  .record({
    rotationId: fc.constantFrom("web", "web", ""),
    names: fc.constantFrom<string[][]>(["ada"], ["ada", "bob"], []),
    timeZone: fc.constantFrom("", "Europe/Berlin", "Nowhere"),
    everyDays: fc.constantFrom(0, 1),
  })
  .map(({ names, ...given }) => {
    const members = names.map((name) => ({ name, receivers: [name] }));
    return Rotation.fromPartial({ ...given, members });
  });

const immediateStep = { afterMs: 0, receivers: ["ops"], rotations: [] };

const policy = fc
  .record({
    policyId: fc.constantFrom("night", "night", "other"),
    steps: fc.constantFrom<{ afterMs: number; receivers: string[]; rotations: string[] }[][]>(
      [immediateStep],
      [immediateStep, { afterMs: 1_000, receivers: ["boss"], rotations: [] }],
      [immediateStep, { afterMs: 3_000, receivers: ["boss"], rotations: ["web"] }],
      [],
    ),
    repeats: fc.constantFrom(0, 2),
    repeatAfterMs: fc.constant(2_000),
  })
  .map((fields) => EscalationPolicy.fromPartial(fields));

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  const call = (weight: number, command: string, body: fc.Arbitrary<object>) => ({
    weight,
    arbitrary: fc.record({ key, command: fc.constant(command), body }),
  });
  const labels = fc.constantFrom(undefined, { equals: { pool: "a" }, exists: [], absent: [] });
  return fc.oneof(
    call(6, "install_rules", fc.record({ rules: fc.array(rule, { maxLength: 2 }) })),
    call(9, "keep_rule", fc.record({ rule, revision: fc.constantFrom(0, 0, 1, 2) })),
    call(1, "remove_rule", fc.record({ ruleId })),
    call(
      22,
      "observe",
      fc.record({ observations: fc.array(fc.record({ ruleId, found }), { maxLength: 2 }) }),
    ),
    call(6, "take_alert_reports", fc.record({ alerts: fc.array(reported, { maxLength: 2 }) })),
    call(1, "keep_rule", fc.record({ rule: external, revision: fc.constant(0) })),
    call(5, "take_alert", fc.record({ alertId: fc.constantFrom("a1", "a2", "a3", "a4", "a5") })),
    call(
      3,
      "add_silence",
      fc.record({
        ruleId: fc.constantFrom("", "failures"),
        labels,
        fromMs: fc.constant(0),
        toMs: fc.constantFrom(1, 8_000_000_000_000),
        match: fc.constantFrom(undefined, undefined, patternOf("a"), patternOf("a|"), patternOf("(")),
        replaces: fc.constantFrom("", "", "s1", "s2"),
        recurrence: fc.constantFrom(undefined, undefined, {
          ...{ cron: "* * * * *", timeZone: "", durationMs: 60_000, endMs: 0 },
        }),
      }),
    ),
    call(3, "end_silence", fc.record({ silenceId: fc.constantFrom("s1", "s2", "s3", "s4", "s5") })),
    call(
      5,
      "change_incident",
      fc.record({
        incidentId: fc.constantFrom("i1", "i1", "i2", "i9"),
        owner: fc.constantFrom("", "ada", "bob"),
        note: fc.constantFrom("", "seen"),
        resolution: fc.constantFrom("", "", "fixed"),
        postMortem: fc.constantFrom("", "", "# Post-mortem"),
      }),
    ),
    call(3, "keep_rotation", fc.record({ rotation, revision: fc.constantFrom(0, 0, 1) })),
    call(1, "remove_rotation", fc.record({ rotationId: fc.constantFrom("web", "night") })),
    call(9, "keep_policy", fc.record({ policy, revision: fc.constantFrom(0, 0, 1) })),
    call(1, "remove_policy", fc.record({ policyId: fc.constantFrom("night", "other") })),
    call(14, "retry_deliveries", fc.record({ numbers: fc.constantFrom([], [], [], [1]) })),
  );
}

/** Returns the response of a receiver: mostly a success. */
export function done(_effect: unknown, random: number): Omit<MachineCall, "key"> {
  const delivered = random > 0.5;
  return { command: "settle_delivery", body: { delivered, message: delivered ? "" : "410 Gone" } };
}
