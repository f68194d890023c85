/**
 * Calls of an object: runs that wait for it, hold it and release it.
 *
 * 1. One call holds the object at a time. The others get it in the order of their requests.
 * 2. A repeated request of a run is the same call: it gets the same ticket, and its message again if it holds the
 *    object.
 * 3. Only the call that holds the object sets values. A message of any other call changes nothing.
 * 4. A call that only reads gets the committed values immediately. The object does not remember it.
 * 5. There are no leases: a run reports its end, and this message is never lost.
 */
import {
  AcquireObject,
  ChangeObject,
  type LimitHolder,
  ObjectAcquired,
  ObjectDone,
  ReleaseObject,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { objectErrors } from "../errors.ts";
import { retryAfterMs, waitingMax } from "../limits.ts";
import { sendDecline, sendGrant } from "../messages.ts";
import { nameOf, type ObjectCommand, type ObjectStep, type ObjectView } from "../state.ts";
import { objectCallEnded, objectCalled, objectCallStarted, objectChanged } from "./events.ts";

/** Ticket of every call that only reads. */
export const readerTicket = 0xffff_ffff;

const done: ObjectDone = {};

/** A message. */
export const acquireObject: ObjectCommand<AcquireObject, ObjectAcquired> = {
  type: "acquire_object",
  codec: AcquireObject,
  reply: ObjectAcquired,
  decide(object, { holder, name, key, call, reader }, step) {
    const { id } = step.key;
    if (holder === undefined) return objectErrors.callInvalid.refusal({ id });
    if (reader) {
      sendGrant(step, holder, readerTicket, object);
      return { ticket: readerTicket, granted: true };
    }
    const known = object.byHolder.get(nameOf(holder));
    if (known !== undefined) {
      const granted = object.current?.ticket === known;
      if (granted) sendGrant(step, holder, known, object);
      return { ticket: known, granted };
    }
    if (object.waiting.size >= waitingMax) {
      sendDecline(step, holder, objectErrors.queueFull.refusal({ name, key, max: waitingMax }), retryAfterMs);
      return { ticket: 0, granted: false };
    }
    const ticket = object.lastTicket + 1;
    step.emit(objectCalled, { ticket, holder, name, key, call, callMs: step.nowMs });
    startNext(object, step);
    return { ticket, granted: object.current?.ticket === ticket };
  },
};

/** A message. */
export const changeObject: ObjectCommand<ChangeObject, ObjectDone> = {
  type: "change_object",
  codec: ChangeObject,
  reply: ObjectDone,
  decide(object, { holder, ticket, entries }, step) {
    const { current } = object;
    const isCurrent = current?.ticket === ticket && isSame(current.holder, holder);
    if (isCurrent && entries.length > 0) step.emit(objectChanged, { ticket, entries, changeMs: step.nowMs });
    return done;
  },
};

/** A message. Also of a call that no longer waits. */
export const releaseObject: ObjectCommand<ReleaseObject, ObjectDone> = {
  type: "release_object",
  codec: ReleaseObject,
  reply: ObjectDone,
  decide(object, { holder, ticket: requestedTicket, status }, step) {
    const ticket = holder === undefined ? undefined : object.byHolder.get(nameOf(holder));
    if (ticket === undefined || (requestedTicket !== 0 && requestedTicket !== ticket)) return done;
    step.emit(objectCallEnded, { ticket, status, endMs: step.nowMs });
    startNext(object, step);
    return done;
  },
};

function startNext(object: ObjectView, step: ObjectStep): void {
  if (object.current !== undefined) return;
  const [next] = object.waiting.values();
  if (next?.holder === undefined) return;
  step.emit(objectCallStarted, { ticket: next.ticket, startMs: step.nowMs });
  sendGrant(step, next.holder, next.ticket, object);
}

function isSame(one: ReadOnly<LimitHolder> | undefined, other: LimitHolder | undefined): boolean {
  return one !== undefined && other !== undefined && nameOf(one) === nameOf(other);
}
