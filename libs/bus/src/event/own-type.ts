/** Returns whether a type, or a pattern, is one of Tutti's own. */
export function isOwnType(type: string): boolean {
  return type.startsWith("tutti.");
}
