import { inspect } from "node:util";
import { differsAt } from "./change.ts";
import type { Entry, SourceKind } from "./entry.ts";
import type { Resolution } from "./resolution.ts";
import type { Scope } from "./scopes.ts";
import type { Key } from "./section.ts";

/** Origin of a key's value for a reader in a scope. */
export interface Explanation {
  /** `registry.leaseMs` */
  readonly name: string;
  /** The scope of the reader. */
  readonly scope: Scope;
  /** The value as `read` returns it. A secret is its reference, in any printed form. */
  readonly value: unknown;
  readonly source: "default" | SourceKind;
  /** `tutti.yaml:12:5`, `TUTTI_REGISTRY_LEASE_MS`, `--registry.leaseMs`. Empty for a default. */
  readonly place: string;
  /** The scope that sets this value: the reader's own, or an earlier one that it inherits from. */
  readonly inheritedFrom: Scope;
  readonly default: unknown;
  readonly description: string;
  /** Empty if the key has none. */
  readonly unit: string;
  /** Whether a change takes effect without a restart. */
  readonly live: boolean;
  readonly secret: boolean;
  /** Settings that are overridden for this reader, the strongest first. */
  readonly overridden: readonly Setting[];
  /** The setting that takes effect after a restart. Undefined if there is no difference. */
  readonly afterRestart: Setting | undefined;
}

interface Setting {
  readonly scope: Scope;
  readonly source: "default" | SourceKind;
  readonly place: string;
}

/** @param latest the latest values of the sources, which differ from the running ones until a restart. */
export function explain(key: Key, scope: Scope, running: Resolution, latest: Resolution): Explanation {
  const [counts, ...overridden] = running.entriesOf(key, scope);
  const { name, description, unit, live, secret } = key;
  const { source, place } = settingOf(key, counts);
  const pending = differsAt(key, scope, running, latest);
  return {
    name,
    scope,
    value: running.keyValueFor(key, scope),
    source,
    place,
    inheritedFrom: counts?.scope ?? key.home,
    default: key.default,
    description,
    unit,
    live,
    secret,
    overridden: overridden.map((entry) => settingOf(key, entry)),
    afterRestart: pending ? settingOf(key, latest.entriesOf(key, scope)[0]) : undefined,
  };
}

/** One line: `registry.leaseMs = 5000 milliseconds, from file tutti.yaml:12:5, default 15000`. */
export function renderExplanation(explanation: Explanation): string {
  const { name, scope, value, unit, source, place, inheritedFrom, overridden, afterRestart } = explanation;
  const parts = [`${name} = ${printed(value)}${unit && ` ${unit}`}`];
  parts.push(source === "default" ? "the default" : `from ${source} ${place}`);
  if (source !== "default") parts.push(`default ${printed(explanation.default)}`);
  if (inheritedFrom !== scope) parts.push(`inherited from ${inheritedFrom}`);
  if (overridden.length > 0) parts.push(`overrides ${overridden.map((each) => each.place).join(", ")}`);
  if (explanation.live) parts.push("live");
  if (afterRestart) parts.push(`takes effect after a restart: ${afterRestart.place || "the default"}`);
  return parts.join(", ");
}

function settingOf(key: Key, entry: Entry | undefined): Setting {
  return { scope: entry?.scope ?? key.home, source: entry?.source ?? "default", place: entry?.place ?? "" };
}

function printed(value: unknown): string {
  return value === undefined ? "not set" : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}
