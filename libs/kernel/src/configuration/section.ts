import * as z from "zod";
import { assert } from "../errors/assertion.ts";
import { containsSecret, coreOf, innerOf, schemasIn } from "./schema-walk.ts";
import { isScope, type Scope } from "./scopes.ts";

/** Declaration of a section by its owner. */
export interface SectionDeclaration<S extends z.ZodObject> {
  /** The scope it belongs to. It is set and read in that scope or a later one. */
  readonly scope: Scope;
  /** One camelCase word or two, unique in the installation: `registry`. */
  readonly name: string;
  /** Subject of these settings, for the reference page. */
  readonly description?: string;
  /**
   * The keys, each with a description, and with a default except for required ones. Nested objects are groups of keys.
   * Units are the last word of a key: `leaseMs`, `bodyMaxBytes`.
   */
  readonly schema: S;
}

export interface Section<S extends z.ZodObject = z.ZodObject> extends SectionDeclaration<S> {
  readonly root: KeyGroup;
  /** All keys of the section, including those in groups. */
  readonly keys: readonly Key[];
}

/** One setting. */
export interface Key {
  readonly kind: "key";
  readonly home: Scope;
  readonly section: string;
  readonly path: readonly string[];
  /** `registry.leaseMs` */
  readonly name: string;
  /** `REGISTRY_LEASE_MS` */
  readonly variable: string;
  readonly schema: z.core.$ZodType;
  /** The default. Undefined if the key is required or optional. */
  readonly default: unknown;
  readonly description: string;
  /** The unit, from the last word of the name. Empty if there is none. */
  readonly unit: string;
  /** A change takes effect without a restart. */
  readonly live: boolean;
  readonly secret: boolean;
  /** True if the key must be set, because it has no default. */
  readonly required: boolean;
}

export interface KeyGroup {
  readonly kind: "group";
  /** Absent unless one of its keys is set. */
  readonly optional: boolean;
  readonly members: ReadonlyMap<string, Key | KeyGroup>;
}

/** Declares a section. Its schema is checked here, so that a mistake shows during development. */
export function defineSection<S extends z.ZodObject>(declaration: SectionDeclaration<S>): Section<S> {
  const { scope, name, schema } = declaration;
  assert(
    camelCaseForm.test(name) && !isScope(name),
    "a section's name is camelCase and not that of a scope",
    {
      name,
    },
  );
  const keys: Key[] = [];
  const root = groupOf(schema, { home: scope, section: name, path: [] }, keys);
  return Object.freeze({ ...declaration, root, keys });
}

/** Marks a key whose changes take effect while the process runs. Its owner listens with `onChange`. */
export function live<S extends z.ZodType>(schema: S): S {
  // A copy, so that a schema shared by several keys is not marked for all of them.
  const copy = schema.clone();
  liveSchemas.add(copy, { live: true });
  return copy;
}

/** `leaseMs` → `LEASE_MS` */
export function variableOf(segments: readonly string[]): string {
  return segments
    .map((segment) => segment.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2"))
    .join("_")
    .toUpperCase();
}

const camelCaseForm = /^[a-z][a-zA-Z0-9]*$/;
const liveSchemas = z.registry<{ readonly live: true }>();

interface Position {
  readonly home: Scope;
  readonly section: string;
  readonly path: readonly string[];
}

function groupOf(schema: z.ZodObject, position: Position, keys: Key[], optional = false): KeyGroup {
  const members = new Map<string, Key | KeyGroup>();
  for (const [segment, member] of Object.entries(schema.shape)) {
    const place = { ...position, path: [...position.path, segment] };
    const name = nameOf(place);
    assert(camelCaseForm.test(segment), "a key of the configuration is camelCase", { name });
    const group = groupSchemaOf(member, name);
    members.set(
      segment,
      group ? groupOf(group.schema, place, keys, group.optional) : keyOf(member, place, keys),
    );
  }
  return { kind: "group", optional, members };
}

/** An object is a group of keys, and so is an optional one. Other wrappers would hide the keys' own defaults. */
function groupSchemaOf(schema: z.core.$ZodType, name: string) {
  if (schema instanceof z.ZodObject) return { schema, optional: false };
  if (!(coreOf(schema) instanceof z.ZodObject)) return undefined;
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : undefined;
  assert(
    inner instanceof z.ZodObject,
    "a group of keys is an object, optional or not, with defaults at its keys",
    { name },
  );
  return { schema: inner, optional: true };
}

function keyOf(schema: z.core.$ZodType, position: Position, keys: Key[]): Key {
  const name = nameOf(position);
  checkKey(schema, name);
  const unset = z.safeParse(schema, undefined);
  const key: Key = {
    kind: "key",
    ...position,
    name,
    variable: variableOf([position.section, ...position.path]),
    schema,
    default: unset.success ? unset.data : undefined,
    description: firstOf(schema, (each) => z.globalRegistry.get(each)?.description) ?? "",
    unit: unitOf(position.path.at(-1) ?? ""),
    live: firstOf(schema, (each) => liveSchemas.get(each)?.live) ?? false,
    secret: containsSecret(schema),
    required: !unset.success,
  };
  assert(key.description !== "", "every key of the configuration is described", { name });
  keys.push(key);
  return key;
}

function checkKey(schema: z.core.$ZodType, name: string): void {
  for (const part of schemasIn(schema)) {
    assert(!(part instanceof z.ZodCatch), "a key does not swallow wrong values with catch()", { name });
    assert(!(part instanceof z.ZodLazy), "a key's value is not recursive", { name });
    assert(
      !(part instanceof z.ZodObject) || part.def.catchall instanceof z.ZodNever,
      "an object inside a value is strict (z.strictObject), so that unknown keys are refused there too",
      { name },
    );
  }
}

/** Returns the first answer of the schema or of those it wraps. */
function firstOf<T>(
  schema: z.core.$ZodType,
  read: (schema: z.core.$ZodType) => T | undefined,
): T | undefined {
  const inner = innerOf(schema);
  return read(schema) ?? (inner && firstOf(inner, read));
}

const units: Readonly<Record<string, string>> = {
  Ms: "milliseconds",
  Sec: "seconds",
  Bytes: "bytes",
  MiB: "MiB",
  Percent: "percent",
  PerSec: "per second",
};

function unitOf(name: string): string {
  const suffix = Object.keys(units).find((unit) => name.endsWith(unit));
  return suffix === undefined ? "" : (units[suffix] ?? "");
}

function nameOf({ section, path }: Position): string {
  return [section, ...path].join(".");
}
