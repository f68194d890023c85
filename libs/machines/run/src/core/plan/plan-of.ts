import { RunOrder } from "@tutti/contracts/workflow/v1";
import type { Plan } from "@tutti/definitions";
import { parseExactly } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { RunPlan, type RunPlans } from "./run-plan.ts";

/** Returns the plan of a new run: the plan of its definition, or the plan in its order. */
export function planOf(plans: RunPlans, { hash, plan }: Pick<ReadOnly<RunOrder>, "hash" | "plan">): RunPlan {
  return plan.length > 0 ? readPlan(plan) : plans.plan(hash);
}

const decoder = new TextDecoder();
/** The plan that was read last: the decider of a plan folds it next. */
let latest: { readonly bytes: Uint8Array; readonly plan: RunPlan } | undefined;

export function readPlan(bytes: Uint8Array): RunPlan {
  if (latest?.bytes === bytes) return latest.plan;
  // A plan in an event was checked before the event was emitted.
  const plan = new RunPlan(parseExactly(decoder.decode(bytes)) as Plan, "");
  latest = { bytes, plan };
  return plan;
}

/**
 * Plans are stored outside of records. These functions return the plans that must be loaded to read a record.
 */

type Named = Pick<RunOrder, "hash"> | undefined;

/** Returns the hash of the plan of an order. None if the order contains its plan. */
export function planNeededBy(order: Named): Uint8Array[] {
  return order === undefined || order.hash === "" ? [] : [Buffer.from(order.hash, "hex")];
}

/** The order is the first field of a snapshot: the rest, which may be large, is not read for this. */
export function planNeededBySnapshot(bytes: Uint8Array): Uint8Array[] {
  const orderTag = 0x0a;
  if (bytes[0] !== orderTag) return [];
  let length = 0;
  let at = 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return planNeededBy(RunOrder.decode(bytes.subarray(at, at + length)));
}
