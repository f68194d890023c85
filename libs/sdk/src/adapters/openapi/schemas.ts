/** Schemas of OpenAPI 3 as JSON Schemas that stand alone: what they refer to is in `$defs`. */
import { isMembers, type Members } from "../../agents/models/wire.ts";
import { partOf, Unusable } from "./document.ts";

/** Keys whose values are data. */
const dataKeys = new Set(["const", "enum", "default", "example", "examples"]);
/** What only OpenAPI knows, and what validates nothing. */
const leftOut = new Set([
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
const partsMax = 5_000;

export class Schemas {
  readonly #document: Members;
  readonly #names = new Map<string, string>();
  readonly #definitions: Record<string, unknown> = {};
  #parts = 0;

  constructor(document: Members) {
    this.#document = document;
  }

  /** What all schemas that were converted refer to. */
  get definitions(): Readonly<Record<string, unknown>> {
    return this.#definitions;
  }

  /** Whether the schemas are so large that a greeting should not carry them. */
  get isLarge(): boolean {
    return this.#parts > partsMax;
  }

  convert(schema: unknown, depth = 0): unknown {
    if (typeof schema === "boolean" || schema === undefined) return schema ?? true;
    if (!isMembers(schema)) return true;
    if (depth > depthMax) throw new Unusable("a schema is nested too deeply");
    if (++this.#parts > partsMax) return true;
    const reference = schema["$ref"];
    if (typeof reference === "string") return { $ref: `#/$defs/${this.#nameOf(reference)}` };
    const made: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(schema)) {
      if (leftOut.has(key) || key.startsWith("x-")) continue;
      made[key] = this.#converted(key, value, depth);
    }
    return withoutOldWords(schema, made);
  }

  #converted(key: string, value: unknown, depth: number): unknown {
    if (dataKeys.has(key)) return value;
    if (key === "properties" || key === "patternProperties" || key === "$defs" || key === "dependentSchemas")
      return isMembers(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, each]) => [name, this.convert(each, depth + 1)]),
          )
        : {};
    if (Array.isArray(value))
      return value.map((each: unknown) => (isMembers(each) ? this.convert(each, depth + 1) : each));
    return isMembers(value) ? this.convert(value, depth + 1) : value;
  }

  #nameOf(reference: string): string {
    const known = this.#names.get(reference);
    if (known !== undefined) return known;
    const part = partOf(this.#document, reference);
    const last =
      reference
        .split("/")
        .at(-1)
        ?.replace(/[^\w-]/g, "_") || "part";
    const name = Object.hasOwn(this.#definitions, last) ? `${last}_${this.#names.size}` : last;
    // Before its content: a schema may refer to itself.
    this.#names.set(reference, name);
    this.#definitions[name] = true;
    this.#definitions[name] = this.convert(part);
    return name;
  }
}

/** `nullable`, and bounds that OpenAPI 3.0 writes with true and false. */
function withoutOldWords(schema: Members, made: Record<string, unknown>): unknown {
  delete made["nullable"];
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (typeof schema[exclusive] !== "boolean") continue;
    delete made[exclusive];
    if (schema[exclusive] === true && made[bound] !== undefined) {
      made[exclusive] = made[bound];
      delete made[bound];
    }
  }
  return schema["nullable"] === true ? { anyOf: [made, { type: "null" }] } : made;
}
