import type { InstanceKey } from "@tutti/kernel";

/** Returns the key of the one machine for all alerts of a namespace. */
export function keyOf(namespace: string): InstanceKey {
  return { namespace, kind: "alert", id: namespace };
}
