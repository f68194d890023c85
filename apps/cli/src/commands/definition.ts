import type { Server } from "../server/calls.ts";

/** A definition with its version. Without one it is the version labelled `latest`. */
export interface NamedDefinition {
  readonly name: string;
  readonly label?: string;
  readonly hash?: string;
}

/** A hash, or its first characters as `tutti workflow versions` prints them. */
const hashStart = /^[0-9a-f]{8,64}$/;
const hashLength = 64;
/** Versions of a workflow that are searched for the start of a hash. */
const versionsMax = 200;

/** Returns the definition of `NAME`, `NAME@LABEL` or `NAME@HASH`. The start of a hash is enough. */
export async function definitionNamed(server: Server, target: string): Promise<NamedDefinition> {
  const [name = "", version] = target.split("@");
  if (version === undefined) return { name };
  if (!hashStart.test(version)) return { name, label: version };
  if (version.length === hashLength) return { name, hash: version };
  const { versions } = await server.call("workflows.versions", {
    params: { name },
    query: { ...server.namespace, size: versionsMax },
  });
  const found = versions.filter(({ hash = "" }) => hash.startsWith(version));
  const hash = found.length === 1 ? found[0]?.hash : undefined;
  return hash === undefined ? { name, label: version } : { name, hash };
}

/** Returns `definitionNamed` for many runs: it asks the platform at most once for a target. */
export function rememberedDefinitions(server: Server): (target: string) => Promise<NamedDefinition> {
  const known = new Map<string, NamedDefinition>();
  return async (target) => {
    const definition = known.get(target) ?? (await definitionNamed(server, target));
    known.set(target, definition);
    return definition;
  };
}
