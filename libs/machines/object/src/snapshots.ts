/** Snapshots of an object. */
import { LimitHolder, ObjectSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { type KeyedObject, nameOf, newObject, type ObjectView } from "./state.ts";

const newest = 1;

export const objectSnapshots: SnapshotCodec<KeyedObject> = {
  version: newest,
  encode: (object) => ObjectSnapshotV1.encode(snapshotOf(object)).finish(),
  decode(bytes, version) {
    if (version === newest) return objectOf(ObjectSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "object", version, newest });
  },
};

export function snapshotOf(view: ObjectView): ObjectSnapshotV1 {
  // The cast is safe: the value is encoded, or displayed as JSON.
  const { entries, waiting, recent, byHolder: _, ...object } = view as KeyedObject;
  return {
    ...object,
    entries: [...entries].map(([name, value]) => ({ name, value })),
    waiting: [...waiting.values()],
    recent: [...recent],
  };
}

function objectOf({ entries, waiting, recent, ...snapshot }: ObjectSnapshotV1): KeyedObject {
  const object = Object.assign(newObject(), snapshot);
  for (const { name, value } of entries) object.entries.set(name, value);
  for (const call of waiting) object.waiting.set(call.ticket, call);
  object.recent.push(...recent);
  for (const call of [...waiting, ...(object.current === undefined ? [] : [object.current])])
    object.byHolder.set(nameOf(call.holder ?? LimitHolder.create()), call.ticket);
  return object;
}
