/** Commands to alerts, drawn by chance: few rules and labels, so that they meet. */
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
    inhibitedBy: fc.constantFrom([], [], ["queue"], ["failures"], ["queue", "failures"]),
    inhibitLabels: fc.constantFrom([], ["pool"]),
  })
  .map((given) => ({
    ...{ namespace: "", title: "Runs fail", advice: "", queries: [], condition: "failed > 0.0" },
    ...{
      everyMs: 0,
      windowMs: 0,
      problem: "",
      severity: 3,
      labels: {},
      readyMade: false,
      updateCause: undefined,
      revision: "",
    },
    ...given,
  }));

const found = fc
  .uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 })
  .map((pools) => pools.map((pool) => ({ labels: { pool }, values: { failed: 1 }, title: "", advice: "" })));

/** Operations for properties. A failing sequence gets shorter. */
export function operations(): fc.Arbitrary<MachineCall> {
  const call = (weight: number, command: string, body: fc.Arbitrary<object>) => ({
    weight,
    arbitrary: fc.record({ key, command: fc.constant(command), body }),
  });
  const labels = fc.constantFrom(undefined, { equals: { pool: "a" }, exists: [], absent: [] });
  return fc.oneof(
    call(2, "install_rules", fc.record({ rules: fc.array(rule, { maxLength: 2 }) })),
    call(5, "keep_rule", fc.record({ rule, revision: fc.constantFrom(0, 0, 1, 2) })),
    call(1, "remove_rule", fc.record({ ruleId })),
    call(
      16,
      "observe",
      fc.record({ observations: fc.array(fc.record({ ruleId, found }), { maxLength: 2 }) }),
    ),
    call(3, "take_alert", fc.record({ alertId: fc.constantFrom("a1", "a2", "a3") })),
    call(
      2,
      "add_silence",
      fc.record({
        ruleId: fc.constantFrom("", "failures"),
        labels,
        fromMs: fc.constant(0),
        toMs: fc.constantFrom(1, 8_000_000_000_000),
      }),
    ),
    call(2, "end_silence", fc.record({ silenceId: fc.constantFrom("s1", "s2", "s3", "s4", "s5") })),
    call(
      3,
      "change_incident",
      fc.record({
        incidentId: fc.constantFrom("i1", "i1", "i2", "i9"),
        owner: fc.constantFrom("", "", "ada"),
        note: fc.constantFrom("", "seen"),
        resolution: fc.constantFrom("", "", "fixed"),
        postMortem: fc.constantFrom("", "", "# Post-mortem"),
      }),
    ),
    call(8, "retry_deliveries", fc.record({ numbers: fc.constantFrom([], [], [], [1]) })),
  );
}

/** What receivers answer: mostly that they have it. */
export function done(_effect: unknown, random: number): Omit<MachineCall, "key"> {
  const delivered = random > 0.5;
  return { command: "settle_delivery", body: { delivered, message: delivered ? "" : "410 Gone" } };
}
