/** Names one instance of a machine kind. Unique within a service. The same id may exist in two namespaces or kinds. */
export interface InstanceKey {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

/** An instance of any service, as the receiver of a message. */
export interface InstanceAddress extends InstanceKey {
  readonly service: string;
}

/** Returns a key as one text, for maps. Namespaces and kinds contain no slash. */
export function textOf({ namespace, kind, id }: InstanceKey): string {
  return `${namespace}/${kind}/${id}`;
}

export function keyOf(text: string): InstanceKey {
  const first = text.indexOf("/");
  const second = text.indexOf("/", first + 1);
  return { namespace: text.slice(0, first), kind: text.slice(first + 1, second), id: text.slice(second + 1) };
}
