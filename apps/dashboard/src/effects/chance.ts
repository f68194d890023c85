/** A name for one intent of a person: the same click, repeated after a break, takes effect once. */
export function intentKey(): string {
  return crypto.randomUUID();
}
