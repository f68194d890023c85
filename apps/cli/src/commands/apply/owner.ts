/**
 * Labels that record the ownership of resources.
 *
 * 1. `tutti-set` names the set of files that a resource belongs to. Only resources of the set are pruned.
 * 2. `tutti-applied` is the hash of the last applied resource. If the resource has another hash now, it was changed
 *    on the platform since.
 * 3. `tutti-fields` names the fields of that hash if the platform adds fields.
 * 4. A workflow has the label `set.NAME` at the last applied version.
 */
import { createHash } from "node:crypto";
import { isMap } from "@tutti/definitions/differences";

type Labels = Readonly<Record<string, string>>;
type Spec = Readonly<Record<string, unknown>>;

const setLabel = "tutti-set";
const appliedLabel = "tutti-applied";
const fieldsLabel = "tutti-fields";
/** Maximum characters of the value of a label. */
const labelMax = 256;
const ownLabels: readonly string[] = [setLabel, appliedLabel, fieldsLabel];

export function setOf(labels: Labels | undefined): string | undefined {
  return labels?.[setLabel];
}

/** Returns the label of the version of a workflow that a set applied last. */
export function versionLabelOf(set: string): string {
  return `set.${set}`;
}

/** Returns a description without the labels of ownership. */
export function withoutOwner(spec: Spec): Spec {
  const { labels, ...rest } = spec;
  const own = Object.entries((labels ?? {}) as Labels).filter(([name]) => !ownLabels.includes(name));
  return own.length === 0 ? rest : { ...rest, labels: Object.fromEntries(own) };
}

/** Returns the labels that a resource gets: those of the file, and those of ownership if it belongs to a set. */
export function labelsOf(spec: Spec, set: string | undefined, keepsUnset = false): Labels {
  const { labels } = withoutOwner(spec) as { readonly labels?: Labels };
  if (set === undefined) return { ...labels };
  const own = withoutOwner(spec);
  const paths = pathsOf(own).join(" ");
  const fields = paths.length <= labelMax ? paths : Object.keys(own).join(" ");
  return {
    ...labels,
    [setLabel]: set,
    [appliedLabel]: hashOf(own),
    ...(keepsUnset && { [fieldsLabel]: fields }),
  };
}

/** Returns whether a resource was changed since the last apply. Undefined: it was applied without a set. */
export function isChangedSince(spec: Spec): boolean | undefined {
  const { labels } = spec as { readonly labels?: Labels };
  const applied = labels?.[appliedLabel];
  if (applied === undefined) return undefined;
  const fields = labels?.[fieldsLabel]?.split(" ");
  const own = withoutOwner(spec);
  return applied !== hashOf(fields === undefined ? own : within(own, new Set(fields)));
}

/** Returns the fields of a document that another document has too. */
export function partOf(found: Spec, described: Spec): Spec {
  return within(found, new Set(pathsOf(described)));
}

function within(spec: Spec, paths: ReadonlySet<string>, above = ""): Spec {
  const entries = Object.entries(spec).flatMap(([name, value]): [string, unknown][] => {
    if (paths.has(`${above}${name}`)) return [[name, value]];
    const part = isMap(value) ? within(value, paths, `${above}${name}.`) : {};
    return Object.keys(part).length === 0 ? [] : [[name, part]];
  });
  return Object.fromEntries(entries);
}

/** Returns the paths of all fields, such as `maxQueued` and `strategy.kind`. */
function pathsOf(spec: Spec, above = ""): string[] {
  return Object.entries(spec).flatMap(([name, value]) =>
    isMap(value) && Object.keys(value).length > 0 ? pathsOf(value, `${above}${name}.`) : [`${above}${name}`],
  );
}

function hashOf(spec: Spec): string {
  return createHash("sha256").update(canonical(spec)).digest("hex").slice(0, 16);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([first], [second]) => (first < second ? -1 : 1)))
      : nested,
  );
}
