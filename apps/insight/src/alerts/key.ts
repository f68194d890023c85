import type { InstanceKey } from "@tutti/kernel";

/** The alerts of a namespace are one machine. */
export function keyOf(namespace: string): InstanceKey {
  return { namespace, kind: "alert", id: namespace };
}
