import { lifecycleErrors } from "../errors.ts";

export interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/**
 * Returns an order in which everything comes after its dependencies, otherwise as declared: if several are possible,
 * the one declared first is next. Refuses unknown dependencies and cycles.
 */
export function inDependencyOrder<D extends Dependent>(pipeline: string, declared: readonly D[]): D[] {
  refuseUnknown(pipeline, declared);
  refuseCycles(pipeline, declared);
  const placed = new Set<string>();
  const ordered: D[] = [];
  while (ordered.length < declared.length) {
    // Without cycles and unknown names there is always a next one.
    const next = declared.find(
      ({ name, dependsOn }) => !placed.has(name) && dependsOn.every((dependency) => placed.has(dependency)),
    );
    if (next === undefined) break;
    placed.add(next.name);
    ordered.push(next);
  }
  return ordered;
}

function refuseUnknown(pipeline: string, declared: readonly Dependent[]): void {
  const known = declared.map(({ name }) => name);
  for (const { name, dependsOn } of declared) {
    const unknown = dependsOn.find((dependency) => !known.includes(dependency));
    if (unknown !== undefined) {
      throw lifecycleErrors.stepUnknown({ pipeline, step: unknown, requiredBy: `\`${name}\``, known });
    }
  }
}

/** Refuses cycles among the declared entries. Names that are not declared yet are ignored. */
export function refuseCycles(pipeline: string, declared: readonly Dependent[]): void {
  const byName = new Map(declared.map((dependent) => [dependent.name, dependent]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      throw lifecycleErrors.stepCycle({ pipeline, path: [...path.slice(path.indexOf(name)), name] });
    }
    const dependent = byName.get(name);
    if (dependent === undefined || done.has(name)) return;
    for (const dependency of dependent.dependsOn) visit(dependency, [...path, name]);
    done.add(name);
  };
  for (const { name } of declared) visit(name, []);
}
