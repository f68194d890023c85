import * as z from "zod";
import { coreOf, innerOf } from "./schema-walk.ts";
import { isSecretSchema, type SecretReference, secretForm } from "./secret.ts";

/** A value as found in a source. Variables and flags contain text. Files have numbers, lists and mappings. */
export type Found = { readonly text: string } | { readonly typed: unknown };

export interface ConvertedValue {
  /** In the type of the schema. A value that does not fit is unchanged, and the schema refuses it. */
  readonly value: unknown;
  /** The references found, at any level of the value. */
  readonly secrets: readonly SecretReference[];
  /** True if a secret contains another value instead of a reference. */
  readonly plain: boolean;
}

/** Converts a found value to the type of its schema. */
export function convertedValue(
  schema: z.core.$ZodType,
  found: Found,
  secretOf: (reference: string) => SecretReference,
): ConvertedValue {
  const reader = new ValueReader("text" in found, secretOf);
  const value = reader.read(schema, "text" in found ? found.text : found.typed);
  return { value, secrets: reader.secrets, plain: reader.plain };
}

class ValueReader {
  readonly secrets: SecretReference[] = [];
  plain = false;
  readonly #fromText: boolean;
  readonly #secretOf: (reference: string) => SecretReference;

  constructor(fromText: boolean, secretOf: (reference: string) => SecretReference) {
    this.#fromText = fromText;
    this.#secretOf = secretOf;
  }

  read(schema: z.core.$ZodType, found: unknown): unknown {
    if ((found === null || (this.#fromText && found === "null")) && acceptsNull(schema)) return null;
    const core = coreOf(schema);
    if (isSecretSchema(core)) return this.#reference(found);
    if (core instanceof z.ZodUnion) return this.#alternative(core.options, found);
    if (core instanceof z.ZodArray) return this.#list(core.element, found);
    if (core instanceof z.ZodRecord)
      return this.#mapping(() => core.valueType, this.#opened(found, pairsOfText));
    if (core instanceof z.ZodObject) {
      const { shape } = core;
      return this.#mapping(
        (name) => (Object.hasOwn(shape, name) ? shape[name] : undefined),
        this.#opened(found, jsonOf),
      );
    }
    return this.#fromText && typeof found === "string" ? scalarOf(core, found) : found;
  }

  #reference(found: unknown): SecretReference | undefined {
    if (typeof found !== "string" || !secretForm.test(found)) {
      this.plain = true;
      return undefined;
    }
    const reference = this.#secretOf(found);
    this.secrets.push(reference);
    return reference;
  }

  /** Returns the first alternative that accepts the value. */
  #alternative(options: readonly z.core.$ZodType[], found: unknown): unknown {
    for (const option of options) {
      const attempt = new ValueReader(this.#fromText, this.#secretOf);
      const value = attempt.read(option, found);
      if (attempt.plain || !z.safeParse(option, value).success) continue;
      this.secrets.push(...attempt.secrets);
      return value;
    }
    return found;
  }

  #list(element: z.core.$ZodType, found: unknown): unknown {
    const list = this.#opened(found, listOfText);
    return Array.isArray(list) ? list.map((each) => this.read(element, each)) : list;
  }

  #mapping(schemaOf: (name: string) => z.core.$ZodType | undefined, mapping: unknown): unknown {
    if (!isMapping(mapping)) return mapping;
    const members = Object.entries(mapping).map(([name, each]) => {
      const schema = schemaOf(name);
      return [name, schema === undefined ? each : this.read(schema, each)];
    });
    return Object.fromEntries(members);
  }

  #opened(found: unknown, open: (text: string) => unknown): unknown {
    return this.#fromText && typeof found === "string" ? open(found) : found;
  }
}

function acceptsNull(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodNullable) return true;
  const inner = innerOf(schema);
  return inner !== undefined && acceptsNull(inner);
}

function scalarOf(schema: z.core.$ZodType, text: string): unknown {
  const trimmed = text.trim();
  if (schema instanceof z.ZodNumber) return numberForm.test(trimmed) ? Number(trimmed) : text;
  if (schema instanceof z.ZodBigInt) return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed) : text;
  if (schema instanceof z.ZodBoolean) return booleans.get(trimmed.toLowerCase()) ?? text;
  if (schema instanceof z.ZodLiteral)
    return [...schema.values].find((value) => String(value) === text) ?? text;
  return text;
}

const numberForm = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const booleans = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

/** `a, b` or JSON. */
function listOfText(text: string): unknown {
  if (text.trimStart().startsWith("[")) return jsonOf(text);
  return text.trim() === "" ? [] : text.split(",").map((each) => each.trim());
}

/** `zone=a, rack=b` or JSON. */
function pairsOfText(text: string): unknown {
  if (text.trimStart().startsWith("{")) return jsonOf(text);
  if (text.trim() === "") return {};
  const pairs = text.split(",").map((pair) => /^([^=]+)=(.*)$/s.exec(pair.trim()));
  return pairs.every((pair) => pair !== null)
    ? Object.fromEntries(pairs.map((pair) => [pair[1], pair[2]]))
    : text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
