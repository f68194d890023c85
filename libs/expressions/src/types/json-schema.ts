import type { Json } from "../values/value.ts";
import { listOf, mapOf, nullable, type Type, types } from "./type.ts";

/**
 * Returns the type of values that satisfy a JSON Schema. Aspects that types cannot express become `dyn`: no value that
 * the schema allows is refused. Fields that a schema does not list are refused, except if it has
 * `additionalProperties`: a schema is there to find misspelt names.
 */
export function typeOfSchema(schema: Json): Type {
  return new SchemaReader(schema).read(schema);
}

type Members = { readonly [key: string]: Json };

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class SchemaReader {
  readonly #root: Json;
  /**
   * Schemas read so far. A schema that refers to itself is `dyn` inside itself, so that reading is linear.
   */
  readonly #known = new Map<Members, Type>();

  constructor(root: Json) {
    this.#root = root;
  }

  read(schema: Json | undefined): Type {
    if (!isMembers(schema)) return types.dyn;
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    this.#known.set(schema, types.dyn);
    const type = this.#readMembers(schema);
    this.#known.set(schema, type);
    return type;
  }

  #readMembers(schema: Members): Type {
    const reference = schema["$ref"];
    if (typeof reference === "string") return this.read(this.#resolved(reference));
    if (["anyOf", "oneOf", "allOf", "not", "if"].some((keyword) => keyword in schema)) return types.dyn;
    const values = schema["enum"] ?? ("const" in schema ? [schema["const"] ?? null] : undefined);
    const named = schema["type"];
    if (named === undefined && Array.isArray(values)) return typeOfValues(values);
    if (Array.isArray(named)) return this.#union(schema, named);
    return typeof named === "string" ? this.#named(named, schema) : this.#unnamed(schema);
  }

  #union(schema: Members, names: readonly Json[]): Type {
    const others = names.filter((name) => name !== "null");
    const [only] = others;
    if (others.length === 0) return types.null;
    if (others.length > 1 || typeof only !== "string") return types.dyn;
    const type = this.#named(only, schema);
    return others.length < names.length ? nullable(type) : type;
  }

  #named(name: string, schema: Members): Type {
    switch (name) {
      case "string":
        return types.string;
      case "integer":
        return types.int;
      case "number":
        return types.double;
      case "boolean":
        return types.bool;
      case "null":
        return types.null;
      case "array":
        return listOf("prefixItems" in schema ? types.dyn : this.read(schema["items"]));
      case "object":
        return this.#object(schema);
      default:
        return types.dyn;
    }
  }

  #unnamed(schema: Members): Type {
    return "properties" in schema ? this.#object(schema) : types.dyn;
  }

  #object(schema: Members): Type {
    const properties = schema["properties"];
    const additional = schema["additionalProperties"];
    const others = additional === undefined || additional === false ? undefined : this.read(additional);
    if ("patternProperties" in schema) return mapOf(types.string, types.dyn);
    if (!isMembers(properties)) return mapOf(types.string, others ?? types.dyn);
    const fields = new Map<string, Type>();
    for (const [name, property] of Object.entries(properties)) fields.set(name, this.read(property));
    return { kind: "object", fields, others };
  }

  /** Follows `#/$defs/item`. References to other documents are unknown. */
  #resolved(reference: string): Json | undefined {
    if (!reference.startsWith("#")) return undefined;
    let found: Json | undefined = this.#root;
    for (const part of reference.slice(1).split("/").slice(1)) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      if (!isMembers(found) || !Object.hasOwn(found, key)) return undefined;
      found = found[key];
    }
    return found;
  }
}

function typeOfValues(values: readonly Json[]): Type {
  const kinds = new Set(values.map((value) => (value === null ? "null" : typeof value)));
  const [kind] = kinds;
  if (kinds.size !== 1) return types.dyn;
  if (kind === "string") return types.string;
  if (kind === "boolean") return types.bool;
  if (kind === "number") return values.every((value) => Number.isInteger(value)) ? types.int : types.double;
  return types.dyn;
}
