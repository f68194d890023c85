/** A name for one intent of a person: the same click, repeated after a break, takes effect once. */
export function intentKey(): string {
  // `randomUUID` is not there on pages that come over plain HTTP from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
