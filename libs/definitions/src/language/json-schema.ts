import type { Json } from "@tutti/expressions";
import { durationPattern } from "../duration.ts";
import { adapter } from "./adapter-shape.ts";
import { definition } from "./definition-shape.ts";
import { schedule } from "./schedule-shape.ts";
import { session } from "./session-shape.ts";
import { type JsonKind, type MembersShape, type Shape, textForms } from "./shape.ts";
import { source } from "./source-shape.ts";
import { trigger } from "./trigger-shape.ts";

/** An expression, which may replace any other value in a template. */
const parameter = { type: "string", pattern: "^\\s*\\$\\{\\{[\\s\\S]*\\}\\}\\s*$" } as const;

/** Returns the JSON Schema of the language, for editors, generated from its shapes. */
export function languageJsonSchema(): Json {
  return documentSchema(definition, { id: "urn:tutti:workflow", title: "A workflow of Tutti", fills: true });
}

/** Returns the JSON Schema of the files of sessions. */
export function sessionJsonSchema(): Json {
  return documentSchema(session, { id: "urn:tutti:session", title: "A session of Tutti", fills: false });
}

/** Returns the JSON Schema of the files of triggers. */
export function triggerJsonSchema(): Json {
  return documentSchema(trigger, { id: "urn:tutti:trigger", title: "A trigger of Tutti", fills: false });
}

/** Returns the JSON Schema of the files of sources. */
export function sourceJsonSchema(): Json {
  return documentSchema(source, { id: "urn:tutti:source", title: "A source of Tutti", fills: false });
}

/** Returns the JSON Schema of the files of adapters. */
export function adapterJsonSchema(): Json {
  return documentSchema(adapter, { id: "urn:tutti:adapter", title: "An adapter of Tutti", fills: false });
}

/** Returns the JSON Schema of the files of schedules. */
export function scheduleJsonSchema(): Json {
  return documentSchema(schedule, { id: "urn:tutti:schedule", title: "A schedule of Tutti", fills: false });
}

interface Written {
  readonly id: string;
  readonly title: string;
  /** Whether it may be a template, in which an expression may replace a name or a number. */
  readonly fills: boolean;
}

function documentSchema(shape: MembersShape, { id, title, fills }: Written): Json {
  const parts: Record<string, Json> = {};
  const root = new SchemaWriter(parts, fills).members(shape);
  return { $schema: "https://json-schema.org/draft/2020-12/schema", $id: id, title, ...root, $defs: parts };
}

type Members = { readonly [key: string]: Json };

class SchemaWriter {
  readonly #parts: Record<string, Json>;
  readonly #fills: boolean;

  constructor(parts: Record<string, Json>, fills: boolean) {
    this.#parts = parts;
    this.#fills = fills;
  }

  of(shape: Shape): Members {
    const written = this.#written(shape);
    return {
      ...written,
      ...(shape.doc !== undefined && shape.doc !== "" && { description: shape.doc }),
      ...(shape.replacedBy !== undefined && { deprecated: true }),
    };
  }

  #written(shape: Shape): Members {
    switch (shape.kind) {
      case "text":
        return this.#text(shape);
      case "template":
      case "condition":
        return shape.kind === "template" ? { type: "string" } : { type: ["string", "boolean"] };
      case "number":
        return this.#orParameter({
          type: shape.whole ? "integer" : "number",
          minimum: shape.min,
          maximum: shape.max,
        });
      case "duration":
        return this.#orParameter({
          type: "string",
          pattern: `^(?:${orWord(shape.word)}${durationPattern})$`,
        });
      case "flag":
        return this.#orParameter({ type: "boolean" });
      case "choice":
        return this.#orParameter({ enum: shape.among });
      case "data":
      case "json":
        return {};
      case "schema":
        return { type: ["object", "boolean"] };
      case "list":
        return {
          type: "array",
          items: this.of(shape.of),
          maxItems: shape.max,
          ...(shape.min ? { minItems: shape.min } : {}),
        };
      case "map":
        return {
          type: "object",
          propertyNames: {
            pattern: shape.keys === "duration" ? `^${durationPattern}$` : textForms[shape.keys].pattern,
            maxLength: 200,
          },
          additionalProperties: this.of(shape.of),
          maxProperties: shape.max,
          ...(shape.min ? { minProperties: shape.min } : {}),
        };
      case "members":
        return this.#reference(shape);
      case "later":
        return this.#reference(shape.shape());
      case "variants":
        return { anyOf: Object.values(shape.of).map((variant) => this.of(variant)) };
    }
  }

  #text({ form, lengthMax }: Extract<Shape, { kind: "text" }>): Members {
    if (form === undefined) return { type: "string", maxLength: lengthMax };
    return this.#orParameter({
      type: "string",
      pattern: textForms[form].pattern,
      minLength: 1,
      maxLength: lengthMax,
    });
  }

  #reference(shape: MembersShape): Members {
    if (shape.name === undefined) return this.members(shape);
    if (this.#parts[shape.name] === undefined) {
      // Reserved before it is written: a task contains loops, which contain tasks.
      this.#parts[shape.name] = {};
      this.#parts[shape.name] = this.members(shape);
    }
    return { $ref: `#/$defs/${shape.name}` };
  }

  #orParameter(schema: Members): Members {
    return this.#fills ? { anyOf: [schema, parameter] } : schema;
  }

  members(shape: MembersShape): Members {
    const properties: Record<string, Json> = {};
    for (const [key, member] of Object.entries(shape.members)) properties[key] = this.of(member);
    const groups = shape.oneOf.map((group) => ({ oneOf: group.map((key) => ({ required: [key] })) }));
    return {
      type: "object",
      ...(shape.doc === undefined ? {} : { description: shape.doc }),
      properties,
      additionalProperties: false,
      ...(shape.required.length > 0 ? { required: shape.required } : {}),
      ...(groups.length > 0 ? { allOf: groups } : {}),
    };
  }
}

/** Returns the kind of JSON of a value, by which shapes distinguish variants. */
export function jsonKindOf(value: Json): JsonKind | "null" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
      return "number";
    case "boolean":
      return "flag";
    default:
      return "members";
  }
}

function orWord(word: string | undefined): string {
  return word === undefined ? "" : `${word}|`;
}
