import {
  type KeptObjectCall,
  LimitHolder,
  ObjectCallEndedV1,
  ObjectCalledV1,
  ObjectCallStartedV1,
  ObjectChangedV1,
} from "@tutti/contracts/workflow/v1";
import { assert } from "@tutti/kernel";
import { recentMax } from "../limits.ts";
import { type KeyedObject, nameOf, type ObjectEvent } from "../state.ts";

export const objectCalled: ObjectEvent<ObjectCalledV1> = {
  type: "object_called",
  version: 1,
  codec: ObjectCalledV1,
  evolve(object, { ticket, holder = LimitHolder.create(), name, key, call, callMs }) {
    object.name = name;
    object.key = key;
    object.createMs ||= callMs;
    object.lastTicket = ticket;
    object.byHolder.set(nameOf(holder), ticket);
    object.waiting.set(ticket, { ticket, holder, call, callMs, startMs: 0, endMs: 0, status: 0 });
  },
};

export const objectCallStarted: ObjectEvent<ObjectCallStartedV1> = {
  type: "object_call_started",
  version: 1,
  codec: ObjectCallStartedV1,
  evolve(object, { ticket, startMs }) {
    const call = object.waiting.get(ticket);
    assert(call !== undefined, "a call that starts has waited", { ticket });
    assert(object.current === undefined, "one call has the object", { ticket });
    object.waiting.delete(ticket);
    object.current = { ...call, startMs };
  },
};

export const objectChanged: ObjectEvent<ObjectChangedV1> = {
  type: "object_changed",
  version: 1,
  codec: ObjectChangedV1,
  evolve(object, { entries, changeMs }) {
    for (const { name, value } of entries)
      if (isNull(value)) object.entries.delete(name);
      else object.entries.set(name, value);
    object.revision += 1;
    object.changeMs = changeMs;
  },
};

export const objectCallEnded: ObjectEvent<ObjectCallEndedV1> = {
  type: "object_call_ended",
  version: 1,
  codec: ObjectCallEndedV1,
  evolve(object, { ticket, status, endMs }) {
    const call = object.current?.ticket === ticket ? object.current : object.waiting.get(ticket);
    assert(call !== undefined, "a call that ends was there", { ticket });
    if (object.current?.ticket === ticket) object.current = undefined;
    object.waiting.delete(ticket);
    object.byHolder.delete(nameOf(call.holder ?? LimitHolder.create()));
    object.endedCount += 1;
    remember(object, { ...call, status, endMs });
  },
};

function remember({ recent }: KeyedObject, call: KeptObjectCall): void {
  recent.push(call);
  if (recent.length > recentMax) recent.shift();
}

/** Returns whether a value is `null`, the only JSON that starts with an `n`. */
function isNull(value: Uint8Array): boolean {
  return value.length === 0 || value[0] === 110;
}
