import assert from "node:assert/strict";
import { ActivationResult, TriggerItem, TriggerPlan, TriggerPolicy } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import {
  create,
  facts,
  receive,
  type StartTriggered,
  settleStarts,
  type TriggerFacts,
  trigger,
} from "./index.ts";

type Fields<Message> = { readonly [Name in keyof Message]?: Message[Name] | undefined };

export const key = { namespace: "default", kind: "trigger", id: "orders" };
export const service = "workflow";
export const startMs = Date.parse("2026-01-01T00:00:00Z");

/** Returns a plan with a run for each event. */
export function plan(fields: Fields<TriggerPlan> = {}, policy: Fields<TriggerPolicy> = {}): TriggerPlan {
  return TriggerPlan.create({
    source: { kind: { $case: "event", value: { type: "shop.order.created", source: "" } } },
    run: Uint8Array.of(1),
    definition: "order",
    policy: TriggerPolicy.create(policy as TriggerPolicy),
    ...fields,
  } as TriggerPlan);
}

/** Returns the event with this number. */
export function item(number: number, fields: Fields<TriggerItem> = {}): TriggerItem {
  const digest = `d${number}`;
  return TriggerItem.create({
    eventId: `e${number}`,
    eventType: "shop.order.created",
    event: new TextEncoder().encode(`{"id":"e${number}"}`),
    eventDigest: digest,
    keyDigest: digest,
    ...fields,
  } as TriggerItem);
}

export function driven(initialPlan: TriggerPlan = plan()): MachineDriver {
  const driver = new MachineDriver({ machines: [trigger], service, startMs });
  driver.execute(key, create, { plan: initialPlan, paused: false, note: "" });
  return driver;
}

export function post(driver: MachineDriver, ...items: readonly TriggerItem[]): unknown {
  return driver.execute(key, receive, { items: [...items] });
}

/** Returns the ids of the runs whose start is requested. */
export function toStart(driver: MachineDriver): readonly string[] {
  return driver.effects.flatMap(({ effect }) => (effect as StartTriggered).starts.map(({ runId }) => runId));
}

/** Settles all requested runs with this result. */
export function settleAll(
  driver: MachineDriver,
  result: ActivationResult = ActivationResult.ACTIVATION_RESULT_STARTED,
  ended = false,
): void {
  for (const effect of [...driver.effects]) {
    const { starts } = effect.effect as StartTriggered;
    const code = result === ActivationResult.ACTIVATION_RESULT_DEAD ? "definition.missing" : "";
    const results = starts.map(() => ({ result, code, message: code, ended }));
    driver.settle(effect, settleStarts, { results });
  }
}

/** Returns the code of a refusal. Otherwise the reply itself. */
export function codeOf(answer: unknown): unknown {
  return isRefusal(answer) ? answer.code : answer;
}

export function factsOf(driver: MachineDriver): TriggerFacts {
  const found = driver.query(key, facts, undefined);
  assert.ok(!isRefusal(found));
  return found;
}
