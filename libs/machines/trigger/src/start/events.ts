import {
  ActivationResult,
  EventsSkippedV1,
  PastActivation,
  Singleton,
  StartsQueuedV1,
  StartsRequestedV1,
  StartsSettledV1,
  TriggeredRunEndedV1,
  type TriggerItem,
  type TriggerStart,
} from "@tutti/contracts/workflow/v1";
import { assert } from "@tutti/kernel";
import { bury } from "../dead/bury.ts";
import { recentMax } from "../limits.ts";
import { bytesOf, policyOf, type Trigger, type TriggerMachineEvent } from "../state.ts";
import { addHeld, removeHeld } from "./held.ts";
import { setTimer, startingEffect } from "./outstanding.ts";

export const startsQueued: TriggerMachineEvent<StartsQueuedV1> = {
  type: "starts_queued",
  version: 1,
  codec: StartsQueuedV1,
  evolve(trigger, { starts, groups }, outstanding) {
    closeGroups(trigger, groups);
    for (const start of starts) {
      trigger.lastNumber = Math.max(trigger.lastNumber, start.number);
      trigger.waiting.set(start.number, start);
      addHeld(trigger, start);
    }
    setTimer(trigger, outstanding);
  },
};

export const startsRequested: TriggerMachineEvent<StartsRequestedV1> = {
  type: "starts_requested",
  version: 1,
  codec: StartsRequestedV1,
  evolve(trigger, { batch: number, starts, groups, requestMs, paceMs }, outstanding) {
    closeGroups(trigger, groups);
    trigger.lastNumber = number;
    trigger.paceMs = paceMs;
    const isSingle = policyOf(trigger.plan).singleton !== Singleton.SINGLETON_UNSPECIFIED;
    for (const start of starts) {
      if (!trigger.waiting.delete(start.number)) addHeld(trigger, start);
      if (isSingle) trigger.live.set(start.runId, start.group);
    }
    const batch = { batch: number, starts, revision: trigger.revision };
    trigger.starting.set(number, batch);
    outstanding.effect(number, 1, startingEffect(trigger, batch));
    for (const start of starts.slice(-recentMax))
      remember(trigger, start, { timeMs: requestMs, result: ActivationResult.ACTIVATION_RESULT_STARTING });
    setTimer(trigger, outstanding);
  },
};

export const startsSettled: TriggerMachineEvent<StartsSettledV1> = {
  type: "starts_settled",
  version: 1,
  codec: StartsSettledV1,
  evolve(trigger, { batch: number, results, settleMs }, outstanding) {
    const batch = trigger.starting.get(number);
    assert(batch !== undefined, "a batch that is settled was requested", { number });
    trigger.starting.delete(number);
    outstanding.settled(number);
    for (const [at, start] of batch.starts.entries()) {
      const {
        result = ActivationResult.ACTIVATION_RESULT_UNSPECIFIED,
        code,
        message,
        ended,
      } = results[at] ?? {};
      removeHeld(trigger, start);
      if (ended === true || result === ActivationResult.ACTIVATION_RESULT_DEAD)
        trigger.live.delete(start.runId);
      count(trigger, result, start, settleMs, { code: code ?? "", message: message ?? "" });
      if (at >= batch.starts.length - recentMax)
        remember(trigger, start, { timeMs: settleMs, result, message: message ?? "" });
    }
    const isNeeded = [...trigger.starting.values()].some(({ revision }) => revision === batch.revision);
    if (!isNeeded) trigger.former.delete(batch.revision);
    setTimer(trigger, outstanding);
  },
};

function count(
  trigger: Trigger,
  result: ActivationResult,
  { items }: TriggerStart,
  atMs: number,
  problem: { readonly code: string; readonly message: string },
): void {
  const { counts } = trigger;
  switch (result) {
    case ActivationResult.ACTIVATION_RESULT_STARTED:
      counts.started += 1;
      break;
    case ActivationResult.ACTIVATION_RESULT_SIGNALLED:
      counts.signalled += 1;
      break;
    case ActivationResult.ACTIVATION_RESULT_DEAD:
      // If the event is sent again, the key starts a run.
      for (const { keyDigest } of items) trigger.seen.delete(keyDigest);
      bury(
        trigger,
        items.map((item) => ({ ...item, ...problem })),
        atMs,
      );
      break;
    default:
      counts.duplicates += items.length;
  }
}

export const eventsSkipped: TriggerMachineEvent<EventsSkippedV1> = {
  type: "events_skipped",
  version: 1,
  codec: EventsSkippedV1,
  evolve(trigger, { items, skipMs }) {
    trigger.counts.skipped += items.length;
    for (const item of items.slice(-recentMax))
      rememberItem(trigger, item, { timeMs: skipMs, result: ActivationResult.ACTIVATION_RESULT_SKIPPED });
  },
};

export const triggeredRunEnded: TriggerMachineEvent<TriggeredRunEndedV1> = {
  type: "triggered_run_ended",
  version: 1,
  codec: TriggeredRunEndedV1,
  evolve(trigger, { runId }, outstanding) {
    trigger.live.delete(runId);
    setTimer(trigger, outstanding);
  },
};

function closeGroups(trigger: Trigger, groups: readonly string[]): void {
  for (const name of groups) {
    const group = trigger.groups.get(name);
    if (group === undefined) continue;
    trigger.groups.delete(name);
    trigger.heldBytes -= bytesOf(group.items);
  }
}

function remember(
  trigger: Trigger,
  { number, runId, items }: TriggerStart,
  outcome: Pick<PastActivation, "timeMs" | "result"> & { readonly message?: string },
): void {
  const [first] = items;
  const past = PastActivation.create({ ...outcome, number, runId, events: items.length });
  recordActivation(trigger, { ...past, eventId: first?.eventId ?? "", eventType: first?.eventType ?? "" });
}

export function rememberItem(
  trigger: Trigger,
  { eventId, eventType, message }: TriggerItem,
  outcome: Pick<PastActivation, "timeMs" | "result">,
): void {
  recordActivation(trigger, PastActivation.create({ ...outcome, eventId, eventType, message, events: 1 }));
}

/** Replaces the record of a start by its outcome. */
function recordActivation(trigger: Trigger, past: PastActivation): void {
  const { recent } = trigger;
  const known = past.number === 0 ? -1 : recent.findIndex(({ number }) => number === past.number);
  if (known >= 0) recent[known] = past;
  else recent.push(past);
  if (recent.length > recentMax) recent.shift();
}
