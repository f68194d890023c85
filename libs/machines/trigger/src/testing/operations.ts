/** Random commands to triggers: few events, keys and groups, so that they interact. */
import { ActivationResult, Singleton, TriggerItem, TriggerPlan } from "@tutti/contracts/workflow/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import type { StartTriggered } from "../state.ts";

export function triggerKey(id: string, namespace = "default"): InstanceKey {
  return { namespace, kind: "trigger", id };
}

const policy = fc.record({
  debounceMs: fc.constantFrom(0, 0, 0, 2_000),
  debounceMaxMs: fc.constantFrom(0, 3_000),
  batchSize: fc.constantFrom(0, 0, 0, 3),
  batchWaitMs: fc.constantFrom(0, 4_000),
  throttleCount: fc.constantFrom(0, 0, 0, 2),
  throttlePerMs: fc.constantFrom(0, 5_000),
  singleton: fc.constantFrom(
    Singleton.SINGLETON_UNSPECIFIED,
    Singleton.SINGLETON_UNSPECIFIED,
    Singleton.SINGLETON_SKIP,
    Singleton.SINGLETON_QUEUE,
  ),
});

export const plans: fc.Arbitrary<TriggerPlan> = fc
  .record({
    source: fc.constantFrom(
      { kind: { $case: "event" as const, value: { type: "shop.order.created", source: "" } } },
      undefined,
      { kind: { $case: "event" as const, value: { type: "shop.>", source: "" } } },
      { kind: { $case: "event" as const, value: { type: "shop.order.*", source: "" } } },
    ),
    run: fc.constantFrom(Uint8Array.of(1), Uint8Array.of(2, 3)),
    definition: fc.constantFrom("order", "invoice"),
    windowMs: fc.constantFrom(0, 0, 10_000),
    policy,
  })
  .map((fields) => TriggerPlan.fromPartial(fields as Parameters<typeof TriggerPlan.fromPartial>[0]));

const item = fc
  .record({
    number: fc.nat(30),
    group: fc.constantFrom("", "a", "b"),
    code: fc.constantFrom("", "", "", "", "", "", "trigger.expression_failed"),
  })
  .map(({ number, group, code }) =>
    TriggerItem.create({
      eventId: `e${number}`,
      eventType: "shop.order.created",
      event: new TextEncoder().encode(`{"id":"e${number}"}`),
      eventDigest: `d${number}`,
      keyDigest: `k${number % 20}`,
      ...{ group, code },
    } as TriggerItem),
  );

/** Operations for properties. A failing sequence is reduced. */
export function operations(ids: readonly string[] = ["orders", "invoices"]): fc.Arbitrary<MachineCall> {
  const key = fc.constantFrom(...ids).map((id) => triggerKey(id));
  const call = (command: string, body: fc.Arbitrary<object>) =>
    fc.record({ key, command: fc.constant(command), body });
  const note = fc.constantFrom("", "holidays");
  return fc.oneof(
    {
      weight: 5,
      arbitrary: call(
        "create",
        fc.record({ plan: plans, paused: fc.constantFrom(false, false, true), note }),
      ),
    },
    {
      weight: 16,
      arbitrary: call("receive", fc.record({ items: fc.array(item, { minLength: 1, maxLength: 6 }) })),
    },
    { weight: 4, arbitrary: call("update", fc.record({ plan: plans, revision: fc.nat(2) })) },
    { weight: 1, arbitrary: call("pause", fc.record({ note })) },
    { weight: 3, arbitrary: call("resume", fc.record({ note })) },
    { weight: 1, arbitrary: call("remove", fc.constant({})) },
    {
      weight: 2,
      arbitrary: call("remove_dead_letters", fc.record({ numbers: fc.array(fc.nat(20), { maxLength: 2 }) })),
    },
    {
      weight: 3,
      arbitrary: call(
        "report_run_end",
        fc.nat(30).map((number) => ({ runId: `orders-k${number % 20}`, status: 5, message: "" })),
      ),
    },
  );
}

/** Returns the result of an effect: mostly started runs. */
export function done(effect: unknown, random: number): Omit<MachineCall, "key"> {
  const { starts } = effect as StartTriggered;
  const result =
    random < 0.15
      ? ActivationResult.ACTIVATION_RESULT_DEAD
      : random < 0.3
        ? ActivationResult.ACTIVATION_RESULT_DUPLICATE
        : ActivationResult.ACTIVATION_RESULT_STARTED;
  const code = result === ActivationResult.ACTIVATION_RESULT_DEAD ? "definition.missing" : "";
  const results = starts.map(() => ({ result, code, message: code, ended: random > 0.6 }));
  return { command: "settle_starts", body: { results } };
}
