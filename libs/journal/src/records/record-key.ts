import { Cursor } from "@tutti/contracts/wire";
import type { InstanceKey } from "@tutti/kernel";

/** Returns the key at the start of encoded records. */
export function keyOfPrefix(prefix: Uint8Array): InstanceKey {
  const key = { namespace: "", kind: "", id: "" };
  const cursor = new Cursor(prefix);
  while (cursor.at < cursor.end) {
    const field = cursor.uint32() >>> 3;
    const text = cursor.string();
    if (field === 1) key.namespace = text;
    else if (field === 2) key.kind = text;
    else key.id = text;
  }
  return key;
}

/** Kind of a partition's own events. */
export const partitionKind = "partition";
