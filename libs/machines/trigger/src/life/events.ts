import {
  TriggerCreatedV1,
  TriggerPausedV1,
  TriggerPlan,
  TriggerRemovedV1,
  TriggerResumedV1,
  TriggerUpdatedV1,
} from "@tutti/contracts/workflow/v1";
import { setTimer } from "../start/outstanding.ts";
import { clockTimer, newTrigger, type TriggerMachineEvent } from "../state.ts";

/** A removed trigger can be created again. Its revisions and the numbers of its batches continue. */
export const triggerCreated: TriggerMachineEvent<TriggerCreatedV1> = {
  type: "trigger_created",
  version: 1,
  codec: TriggerCreatedV1,
  described: true,
  evolve(trigger, { plan, paused, note, createMs }) {
    trigger.status = paused ? "paused" : "active";
    trigger.plan = plan ?? TriggerPlan.create();
    trigger.note = note;
    trigger.revision += 1;
    trigger.counts = newTrigger().counts;
    trigger.recent.length = 0;
    trigger.paceMs = 0;
    trigger.createMs = createMs;
    trigger.updateMs = createMs;
  },
};

export const triggerUpdated: TriggerMachineEvent<TriggerUpdatedV1> = {
  type: "trigger_updated",
  version: 1,
  codec: TriggerUpdatedV1,
  described: true,
  evolve(trigger, { plan, updateMs }, outstanding) {
    const isNeeded = [...trigger.starting.values()].some(({ revision }) => revision === trigger.revision);
    if (isNeeded) trigger.former.set(trigger.revision, trigger.plan);
    trigger.plan = plan ?? TriggerPlan.create();
    trigger.revision += 1;
    trigger.updateMs = updateMs;
    setTimer(trigger, outstanding);
  },
};

export const triggerPaused: TriggerMachineEvent<TriggerPausedV1> = {
  type: "trigger_paused",
  version: 1,
  codec: TriggerPausedV1,
  described: true,
  evolve(trigger, { note }, outstanding) {
    trigger.status = "paused";
    trigger.note = note;
    setTimer(trigger, outstanding);
  },
};

export const triggerResumed: TriggerMachineEvent<TriggerResumedV1> = {
  type: "trigger_resumed",
  version: 1,
  codec: TriggerResumedV1,
  described: true,
  evolve(trigger, { note }, outstanding) {
    trigger.status = "active";
    trigger.note = note;
    setTimer(trigger, outstanding);
  },
};

/** Its runs continue. Waiting runs do not start. */
export const triggerRemoved: TriggerMachineEvent<TriggerRemovedV1> = {
  type: "trigger_removed",
  version: 1,
  codec: TriggerRemovedV1,
  described: true,
  evolve(trigger, _, outstanding) {
    trigger.status = "removed";
    outstanding.cleared(clockTimer);
    for (const batch of trigger.starting.keys()) outstanding.settled(batch);
    for (const map of [trigger.groups, trigger.waiting, trigger.starting, trigger.live]) map.clear();
    for (const map of [trigger.dead, trigger.seen, trigger.former, trigger.held]) map.clear();
    trigger.heldBytes = 0;
    trigger.deadBytes = 0;
  },
};
