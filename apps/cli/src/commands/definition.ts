/** A definition with its version. Without one it is the version labelled `latest`. */
export interface NamedDefinition {
  readonly name: string;
  readonly label?: string;
  readonly hash?: string;
}

/** Returns the definition of `NAME`, `NAME@LABEL` or `NAME@HASH`. The platform resolves the start of a hash as a label. */
export function definitionNamed(target: string): NamedDefinition {
  const [name = "", version] = target.split("@");
  if (version === undefined) return { name };
  return /^[0-9a-f]{64}$/.test(version) ? { name, hash: version } : { name, label: version };
}
