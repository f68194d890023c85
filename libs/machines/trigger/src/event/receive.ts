/**
 * Receives events.
 *
 * 1. Only the trigger decides: events from several gateways are decided here, one after the other.
 * 2. An event has effect once. If the id of its run ensures this, nothing is remembered. Otherwise keys are remembered:
 *    within the window, and for ten minutes if events are collected or signalled.
 * 3. If a window is configured and there is no room to remember a key, the event becomes a dead letter. It is never
 *    dropped silently.
 * 4. Everything that waits is bounded. A command that would exceed the bounds is refused as a whole and sent again.
 */
import {
  EventsReceived,
  EventsReceivedV1,
  ReceiveEvents,
  type TriggerItem,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { eventsDied } from "../dead/letters.ts";
import { triggerErrors } from "../errors.ts";
import { groupsMax, heldBytesMax, rememberMs, seenMax, waitingMax } from "../limits.ts";
import { notThere } from "../refusals.ts";
import { requestRuns, runIdOf } from "../start/release.ts";
import {
  bytesOf,
  isCollecting,
  policyOf,
  type TriggerCommand,
  type TriggerMachineEvent,
  type TriggerStep,
  type TriggerView,
} from "../state.ts";
import { collect } from "./collect.ts";

export const receive: TriggerCommand<ReceiveEvents, EventsReceived> = {
  type: "receive",
  codec: ReceiveEvents,
  reply: EventsReceived,
  decide(trigger, { items }, step) {
    const refusal = notThere(trigger, step.key.id) ?? tooFull(trigger, items, step);
    if (refusal !== undefined) return refusal;
    if (trigger.status === "paused" || items.length === 0) return { duplicates: [] };
    const { fresh, dead, keys, duplicates } = sorted(trigger, items, step);
    const receiveMs = step.nowMs;
    const untilMs = keys.length > 0 ? receiveMs + rememberedMs(trigger) : 0;
    step.emit(eventsReceived, {
      received: items.length,
      duplicates: duplicates.length,
      keys,
      receiveMs,
      untilMs,
    });
    if (dead.length > 0) step.emit(eventsDied, { items: dead, dieMs: receiveMs });
    if (isCollecting(policyOf(trigger.plan))) collect(trigger, fresh, step);
    else
      requestRuns(
        trigger,
        fresh.map((item) => ({ group: item.group, items: [item] })),
        [],
        step,
      );
    return { duplicates };
  },
};

export const eventsReceived: TriggerMachineEvent<EventsReceivedV1> = {
  type: "events_received",
  version: 1,
  codec: EventsReceivedV1,
  evolve(trigger, { received, duplicates, keys, receiveMs, untilMs }) {
    trigger.counts.received += received;
    trigger.counts.duplicates += duplicates;
    const { seen } = trigger;
    for (const [key, endMs] of seen) {
      if (endMs > receiveMs) break;
      seen.delete(key);
    }
    for (const key of keys) {
      // A key that is seen again moves to the end.
      seen.delete(key);
      seen.set(key, untilMs);
    }
    for (const key of seen.keys()) {
      if (seen.size <= seenMax) break;
      seen.delete(key);
    }
  },
};

/** Returns how long a key is remembered. 0 if the id of its run shows whether it was seen. */
function rememberedMs({ plan }: TriggerView): number {
  const policy = policyOf(plan);
  if (plan.windowMs > 0) return plan.windowMs;
  return isCollecting(policy) || policy.signal !== "" ? rememberMs : 0;
}

function tooFull(
  trigger: TriggerView,
  items: readonly TriggerItem[],
  { key }: TriggerStep,
): Refusal | undefined {
  const { id } = key;
  const { heldBytes, waiting, groups } = trigger;
  if (heldBytes > 0 && heldBytes + bytesOf(items) > heldBytesMax)
    return triggerErrors.full.refusal({ id, what: `events of ${heldBytes} bytes wait` });
  if (waiting.size + items.length > waitingMax)
    return triggerErrors.full.refusal({ id, what: `${waiting.size} runs wait` });
  if (isCollecting(policyOf(trigger.plan)) && groups.size + items.length > groupsMax)
    return triggerErrors.full.refusal({ id, what: `${groups.size} groups wait` });
  return undefined;
}

interface Sorted {
  readonly fresh: TriggerItem[];
  readonly dead: TriggerItem[];
  /** Keys to remember. */
  readonly keys: string[];
  /** Places of duplicates. */
  readonly duplicates: number[];
}

function sorted(trigger: TriggerView, items: readonly TriggerItem[], step: TriggerStep): Sorted {
  const sorting: Sorted = { fresh: [], dead: [], keys: [], duplicates: [] };
  const isRemembering = rememberedMs(trigger) > 0;
  const now = new Set<string>();
  let remembered = trigger.seen.size;
  for (const [place, item] of items.entries()) {
    const { code, keyDigest } = item;
    if (code !== "") {
      sorting.dead.push(item);
      continue;
    }
    const name = isRemembering ? keyDigest : runIdOf(trigger, item, step.key.id);
    const isDuplicate = isRemembering
      ? (trigger.seen.get(keyDigest) ?? 0) > step.nowMs || now.has(name)
      : trigger.held.has(name) || now.has(name);
    if (isDuplicate) {
      sorting.duplicates.push(place);
      continue;
    }
    if (
      isRemembering &&
      trigger.plan.windowMs > 0 &&
      remembered >= seenMax &&
      isFullAt(trigger, step.nowMs)
    ) {
      sorting.dead.push(deadOf(item));
      continue;
    }
    now.add(name);
    if (isRemembering) {
      sorting.keys.push(keyDigest);
      remembered++;
    }
    sorting.fresh.push(item);
  }
  return sorting;
}

/** Returns whether the oldest of the keys still counts. */
function isFullAt(trigger: TriggerView, nowMs: number): boolean {
  for (const untilMs of trigger.seen.values()) return untilMs > nowMs;
  return true;
}

function deadOf(item: ReadOnly<TriggerItem>): TriggerItem {
  const { code, message } = triggerErrors.windowFull.refusal({ max: seenMax });
  return { ...item, code, message };
}
