/** Converts schemas of OpenAPI 3 to self-contained JSON Schemas, with all references in `$defs`. */
import { isMembers, type Members } from "../../agents/models/wire.ts";
import { partOf, Unusable } from "./document.ts";

/** Keys whose values are data. */
const dataKeys = new Set(["const", "enum", "default", "example", "examples"]);
/** Keys that only OpenAPI has, or that do not validate. */
const omittedKeys = new Set([
  "discriminator",
  "xml",
  "externalDocs",
  "example",
  "examples",
  "deprecated",
  "$schema",
  "$id",
]);
const depthMax = 64;
/** A schema with more parts is longer than the limit. */
const partsMax = 5_000;
/** Maximum length of a schema, because a worker sends the schemas of all its capabilities when it links. */
const lengthMax = 32_768;

/** References of a schema, and the number of its parts. */
export class Parts {
  readonly references = new Set<string>();
  count = 0;
}

interface Definition {
  readonly schema: unknown;
  readonly length: number;
  readonly references: ReadonlySet<string>;
}

/** The schemas of a document. A shared part is converted once. */
export class Schemas {
  readonly #document: Members;
  readonly #names = new Map<string, string>();
  readonly #usedNames = new Set<string>();
  readonly #definitions = new Map<string, Definition>();

  constructor(document: Members) {
    this.#document = document;
  }

  /** Returns a converted schema with its definitions. Undefined if it is too long. */
  withDefinitions(schema: Members, { references }: Parts): Members | undefined {
    let length = JSON.stringify(schema).length;
    const definitions: Record<string, unknown> = {};
    const open = [...references];
    // The loop appends to the list.
    for (const reference of open) {
      if (length > lengthMax) return undefined;
      const name = this.#nameOf(reference);
      if (Object.hasOwn(definitions, name)) continue;
      const definition = this.#definition(reference);
      definitions[name] = definition.schema;
      length += definition.length + name.length;
      open.push(...definition.references);
    }
    if (length > lengthMax) return undefined;
    return open.length === 0 ? schema : { ...schema, $defs: definitions };
  }

  convert(schema: unknown, parts: Parts, depth = 0): unknown {
    if (typeof schema === "boolean" || schema === undefined) return schema ?? true;
    if (!isMembers(schema)) return true;
    if (depth > depthMax) throw new Unusable("a schema is nested too deeply");
    if (++parts.count > partsMax) return true;
    const reference = schema["$ref"];
    if (typeof reference === "string") {
      parts.references.add(reference);
      return { $ref: `#/$defs/${this.#nameOf(reference)}` };
    }
    const converted: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(schema)) {
      if (omittedKeys.has(key) || key.startsWith("x-")) continue;
      converted[key] = this.#converted(key, value, parts, depth);
    }
    return withoutLegacyKeywords(schema, converted);
  }

  #converted(key: string, value: unknown, parts: Parts, depth: number): unknown {
    if (dataKeys.has(key)) return value;
    if (key === "properties" || key === "patternProperties" || key === "$defs" || key === "dependentSchemas")
      return isMembers(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, each]) => [name, this.convert(each, parts, depth + 1)]),
          )
        : {};
    if (Array.isArray(value))
      return value.map((each: unknown) => (isMembers(each) ? this.convert(each, parts, depth + 1) : each));
    return isMembers(value) ? this.convert(value, parts, depth + 1) : value;
  }

  #nameOf(reference: string): string {
    const known = this.#names.get(reference);
    if (known !== undefined) return known;
    const last =
      reference
        .split("/")
        .at(-1)
        ?.replace(/[^\w-]/g, "_") || "part";
    const name = this.#usedNames.has(last) ? `${last}_${this.#names.size}` : last;
    this.#names.set(reference, name);
    this.#usedNames.add(name);
    return name;
  }

  #definition(reference: string): Definition {
    const known = this.#definitions.get(reference);
    if (known !== undefined) return known;
    const parts = new Parts();
    const schema = this.convert(partOf(this.#document, reference), parts);
    const { length } = JSON.stringify(schema);
    const definition = { schema, length, references: parts.references };
    this.#definitions.set(reference, definition);
    return definition;
  }
}

/** Converts `nullable`, and the boolean exclusive bounds of OpenAPI 3.0. */
function withoutLegacyKeywords(schema: Members, converted: Record<string, unknown>): unknown {
  delete converted["nullable"];
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (typeof schema[exclusive] !== "boolean") continue;
    delete converted[exclusive];
    if (schema[exclusive] === true && converted[bound] !== undefined) {
      converted[exclusive] = converted[bound];
      delete converted[bound];
    }
  }
  return schema["nullable"] === true ? { anyOf: [converted, { type: "null" }] } : converted;
}
