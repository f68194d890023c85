import {
  CreateTrigger,
  PauseTrigger,
  RemoveTrigger,
  ResumeTrigger,
  TriggerCreated,
  TriggerDone,
  TriggerPlan,
  TriggerRemoved,
  TriggerRevised,
  UpdateTrigger,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { triggerErrors } from "../errors.ts";
import { notAPlan, notThere } from "../refusals.ts";
import { release } from "../start/release.ts";
import type { TriggerCommand } from "../state.ts";
import { triggerCreated, triggerPaused, triggerRemoved, triggerResumed, triggerUpdated } from "./events.ts";

export const create: TriggerCommand<CreateTrigger, TriggerCreated> = {
  type: "create",
  codec: CreateTrigger,
  reply: TriggerCreated,
  decide(trigger, { plan, paused, note }, step) {
    const { id } = step.key;
    const refusal = notAPlan(plan, id);
    if (refusal !== undefined || plan === undefined) return refusal ?? triggerErrors.exists.refusal({ id });
    if (trigger.status === "active" || trigger.status === "paused")
      return isSame(trigger.plan, plan) ? { existed: true } : triggerErrors.exists.refusal({ id });
    step.emit(triggerCreated, { plan, paused, note, createMs: step.nowMs });
    return { existed: false };
  },
};

export const update: TriggerCommand<UpdateTrigger, TriggerRevised> = {
  type: "update",
  codec: UpdateTrigger,
  reply: TriggerRevised,
  decide(trigger, { plan, revision }, step) {
    const { id } = step.key;
    const refusal = notThere(trigger, id) ?? notAPlan(plan, id);
    if (refusal !== undefined || plan === undefined) return refusal ?? triggerErrors.missing.refusal({ id });
    if (isSame(trigger.plan, plan)) return { revision: trigger.revision };
    if (revision !== 0 && revision !== trigger.revision)
      return triggerErrors.moved.refusal({ id, revision, found: trigger.revision });
    step.emit(triggerUpdated, { plan, updateMs: step.nowMs });
    release(trigger, step);
    return { revision: trigger.revision };
  },
};

export const pause: TriggerCommand<PauseTrigger, TriggerDone> = {
  type: "pause",
  codec: PauseTrigger,
  reply: TriggerDone,
  decide(trigger, { note }, step) {
    const refusal = notThere(trigger, step.key.id);
    if (refusal !== undefined) return refusal;
    if (trigger.status === "paused" && trigger.note === note) return {};
    step.emit(triggerPaused, { note });
    return {};
  },
};

/** Runs that waited before the pause start. */
export const resume: TriggerCommand<ResumeTrigger, TriggerDone> = {
  type: "resume",
  codec: ResumeTrigger,
  reply: TriggerDone,
  decide(trigger, { note }, step) {
    const refusal = notThere(trigger, step.key.id);
    if (refusal !== undefined) return refusal;
    if (trigger.status !== "paused") return {};
    step.emit(triggerResumed, { note });
    release(trigger, step);
    return {};
  },
};

export const remove: TriggerCommand<RemoveTrigger, TriggerRemoved> = {
  type: "remove",
  codec: RemoveTrigger,
  reply: TriggerRemoved,
  decide(trigger, _, step) {
    if (notThere(trigger, step.key.id) !== undefined) return { removed: false };
    step.emit(triggerRemoved, {});
    return { removed: true };
  },
};

function isSame(one: ReadOnly<TriggerPlan>, other: TriggerPlan): boolean {
  // The cast is safe: the value is only read.
  const bytes = TriggerPlan.encode(one as TriggerPlan).finish();
  return Buffer.from(bytes).equals(TriggerPlan.encode(other).finish());
}
