/** The tables of the contracts as JSON Schema, as OpenAPI 3.1 has it. */

import { aliasesOf, shortKinds } from "../plan/aliases.ts";
import type { OwnSchema } from "../plan/own.ts";
import {
  enumOf,
  type FieldRule,
  type FieldTable,
  messageOf,
  type Schema,
  type Words,
  wellKnown,
} from "../plan/schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const forms: Readonly<Record<string, string>> = {
  id: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$",
  name: "^[a-z0-9_-]+(\\.[a-z0-9_-]+)*$",
  namespace: "^[a-z][a-z0-9-]{0,62}$",
  label: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$",
};

export type Direction = "input" | "output";

/** Names schemas, and creates each once. */
export class Schemas {
  readonly byName: Record<string, JsonSchema> = {};
  readonly #schema: Schema;
  readonly #comments: Words;

  constructor(schema: Schema, comments: Words) {
    this.#schema = schema;
    this.#comments = comments;
  }

  message(type: string, direction: Direction): JsonSchema {
    const { name: own } = messageOf(this.#schema, type);
    const name = direction === "input" && !own.endsWith("Request") ? `${own}Input` : own;
    if (!Object.hasOwn(this.byName, name)) {
      this.byName[name] = {};
      this.byName[name] = this.#object(type, direction);
    }
    const reference = { $ref: `#/components/schemas/${name}` };
    const short = direction === "input" ? shortKinds[type] : undefined;
    if (short !== undefined) return { anyOf: [...short.map((kind) => ({ type: kind })), reference] };
    if (direction !== "input" || type !== wellKnown.definition) return reference;
    return {
      anyOf: [{ type: "string", description: "`order`, `order@stable`, or `order@` and a hash." }, reference],
    };
  }

  /** Returns the schema of a response of the gateway itself. */
  own(schema: OwnSchema): JsonSchema {
    const { $ref, items, properties, additionalProperties, ...rest } = schema;
    if ($ref !== undefined) return this.#named($ref);
    return {
      ...rest,
      ...(items !== undefined && { items: this.own(items) }),
      ...(properties !== undefined && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, property]) => [name, this.own(property)]),
        ),
      }),
      ...(additionalProperties !== undefined && { additionalProperties: this.own(additionalProperties) }),
    };
  }

  field(field: FieldTable, direction: Direction): JsonSchema {
    const { many, rule } = field;
    const single = this.#single(field, direction);
    if (many === "list") return { type: "array", items: single, ...itemsIn(rule, "Items") };
    if (many === "map")
      return { type: "object", additionalProperties: single, ...itemsIn(rule, "Properties") };
    return single;
  }

  aboutField(type: string, field: FieldTable): string {
    return this.#comments[`${type}.${field.name}`] ?? "";
  }

  about(name: string): string {
    return this.#comments[name] ?? "";
  }

  #named(name: string): JsonSchema {
    const [type] = Object.entries(this.#schema.messages).find(([, table]) => table.name === name) ?? [];
    return type === undefined ? { $ref: `#/components/schemas/${name}` } : this.message(type, "output");
  }

  #object(type: string, direction: Direction): JsonSchema {
    const { fields } = messageOf(this.#schema, type);
    const flatFields = fields.flatMap((field) =>
      direction === "output" && field.of === wellKnown.pageReply
        ? messageOf(this.#schema, field.of).fields.map((inner) => ({
            of: wellKnown.pageReply as string,
            field: inner,
          }))
        : [{ of: type, field }],
    );
    const properties = Object.fromEntries(
      flatFields.map(({ of, field }) => [
        field.json,
        { ...this.field(field, direction), ...described(this.aboutField(of, field)) },
      ]),
    );
    const aliases = direction === "input" ? aliasesOf(type, fields) : [];
    for (const { alias, target, isDuration } of aliases) {
      const field = fields.find(({ json }) => json === target);
      if (field !== undefined) properties[alias] = this.#alias(type, field, isDuration);
    }
    const required = fields
      .filter((field) => (direction === "output" ? field.always : isNeeded(field)))
      .map(({ json }) => json)
      .filter((json) => !aliases.some(({ target }) => target === json));
    return {
      type: "object",
      ...described(this.about(type)),
      properties,
      ...(required.length > 0 && { required }),
      ...(direction === "input" && { additionalProperties: false }),
    };
  }

  /** Returns the schema of the word of definitions for a field. */
  #alias(type: string, field: FieldTable, isDuration: boolean): JsonSchema {
    const about = this.aboutField(type, field);
    if (isDuration)
      return { anyOf: [{ type: "string" }, { type: "number", minimum: 0 }], ...described(about) };
    if (field.kind === "time")
      return { anyOf: [{ type: "string" }, this.field(field, "input")], ...described(about) };
    const isText = field.kind === "boolean" || field.json === "initialMs";
    return { ...(isText ? { type: "string" } : this.field(field, "input")), ...described(about) };
  }

  #single(field: FieldTable, direction: Direction): JsonSchema {
    const { kind, of = "", rule } = field;
    switch (kind) {
      case "message":
        return this.message(of, direction);
      case "enum":
        return { type: "string", enum: Object.values(enumOf(this.#schema, of).words) };
      case "payload":
        return {};
      case "blob":
        return {
          type: "object",
          properties: {
            sha256: { type: "string", pattern: "^[0-9a-fA-F]{64}$" },
            size: { type: "integer", minimum: 0 },
          },
          required: ["sha256", "size"],
        };
      case "mask":
        return { type: "array", items: { type: "string" } };
      case "time":
        return { type: "number", minimum: -62_135_596_800_000, maximum: 253_402_300_799_999 };
      case "bytes":
        return { type: "string", contentEncoding: "base64" };
      case "boolean":
        return { type: "boolean" };
      case "string":
        return {
          type: "string",
          ...textRule(field.many === undefined ? rule : withoutItems(rule), direction),
        };
      default:
        return { type: kind, ...numberRule(rule) };
    }
  }
}

export const described = (about: string) => (about === "" ? {} : { description: about });

export const isNeeded = ({ rule, oneof }: FieldTable): boolean =>
  rule?.required === true && oneof === undefined;

function withoutItems(rule: FieldRule | undefined): FieldRule | undefined {
  if (rule === undefined) return undefined;
  const { maxItems: _, ...rest } = rule;
  return rest;
}

function itemsIn(rule: FieldRule | undefined, kind: "Items" | "Properties"): JsonSchema {
  return {
    ...(rule?.maxItems !== undefined && { [`max${kind}`]: rule.maxItems }),
    ...(rule?.required && { [`min${kind}`]: 1 }),
  };
}

function textRule(rule: FieldRule | undefined, direction: Direction): JsonSchema {
  if (rule === undefined || direction === "output") return {};
  const { minLength, maxLength, form = "", required } = rule;
  const pattern = required ? forms[form] : undefined;
  return {
    ...(maxLength !== undefined && { maxLength }),
    ...(required && minLength !== undefined && { minLength }),
    ...(required && minLength === undefined && pattern === undefined && { minLength: 1 }),
    ...(pattern !== undefined && { pattern }),
  };
}

function numberRule(rule: FieldRule | undefined): JsonSchema {
  const { min, max } = rule ?? {};
  return { ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
}
