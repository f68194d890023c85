/**
 * Examples of requests and responses, made from the tables of the contracts: all needed fields, and some of the others.
 *
 * 1. The gateway accepts the example of each request: no limit, form or choice of the contract is broken.
 * 2. An example depends only on the tables, so that the reference changes only with the contracts.
 */
import type { OwnSchema } from "../plan/own.ts";
import type { PlannedField } from "../plan/plan.ts";
import {
  enumOf,
  type FieldRule,
  type FieldTable,
  type MessageTable,
  messageOf,
  type Schema,
  wellKnown,
} from "../plan/schema.ts";
import { exampleHash, examplePayload, exampleText, exampleTimeMs } from "./example-values.ts";
import type { Direction } from "./json-schema.ts";

/** Maximum of further fields by depth. A message below the last depth has only its needed fields. */
const furtherMax = { input: [3, 1, 0], output: [8, 4, 2] } as const;
/** A message below this depth is left out, if it is not needed. */
const depthMax = 3;

export class Examples {
  readonly #schema: Schema;
  readonly #own: Readonly<Record<string, OwnSchema>>;

  constructor(schema: Schema, own: Readonly<Record<string, OwnSchema>>) {
    this.#schema = schema;
    this.#own = own;
  }

  message(type: string, direction: Direction, depth = 0): unknown {
    if (direction === "input" && type === wellKnown.definition) return "order";
    const table = messageOf(this.#schema, type);
    const chosen = chosenFields(table, direction, depth);
    const entries = chosen.flatMap((field) => {
      if (field.of === wellKnown.pageReply) return [];
      const value = this.field(field, direction, depth + 1);
      return value === undefined ? [] : [[field.json, value] as const];
    });
    return Object.fromEntries(entries);
  }

  /** Returns the body of a request: the needed fields and some of the others, each under its own name. */
  body(planned: readonly PlannedField[], request: string): unknown {
    const choices = planned.flatMap(({ path }) => this.#choicesOf(path.at(-2)?.of ?? request));
    const named = new Map(
      planned
        .filter((one) => !this.#excludes(one, planned))
        .map(({ name, field }) => [{ ...field, json: name }, field]),
    );
    const chosen = chosenFields({ name: "", fields: [...named.keys()], choices }, "input", 0);
    return Object.fromEntries(
      chosen.flatMap((field) => {
        const value = this.field(named.get(field) ?? field, "input", 1);
        return value === undefined ? [] : [[field.json, value] as const];
      }),
    );
  }

  /** Returns the parameter of each choice that the request needs. */
  chosenParameters(planned: readonly PlannedField[], request: string): ReadonlySet<PlannedField> {
    const chosen = this.#choicesOf(request).map((choice) =>
      planned.find(({ path }) => path[0]?.oneof === choice),
    );
    return new Set(chosen.filter((one) => one !== undefined));
  }

  #choicesOf(type: string): readonly string[] {
    return messageOf(this.#schema, type).choices ?? [];
  }

  /** Whether a field belongs to a choice that another field of the body makes. */
  #excludes({ path }: PlannedField, planned: readonly PlannedField[]): boolean {
    const oneof = path.length > 1 ? path[0]?.oneof : undefined;
    return oneof !== undefined && planned.some((one) => one.path.length === 1 && one.field.oneof === oneof);
  }

  /** Returns the text of a parameter of a path or a query. */
  parameter({ name, field }: PlannedField): string {
    const value =
      field.kind === "string" && field.json !== name && name !== "id"
        ? exampleText(name)
        : this.#single(field, "input", 1);
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  /** Returns undefined if the example does not need the field. */
  field(field: FieldTable, direction: Direction, depth: number): unknown {
    const { many, rule } = field;
    const single = this.#single(many === undefined ? field : withRule(field, rule?.values), direction, depth);
    if (many === undefined) return single;
    if (many === "map") return single === undefined ? {} : { [keyOf(field)]: single };
    return single === undefined ? [] : [single];
  }

  /** Returns the example of a schema of the gateway itself. */
  own({ $ref, type, properties, required = [], items, enum: words, minimum }: OwnSchema, name = ""): unknown {
    if ($ref !== undefined) {
      const own = this.#own[$ref];
      if (own !== undefined) return this.own(own, name);
      return this.message(this.#typeNamed($ref), "output", 1);
    }
    if (words !== undefined) return words[0];
    if (properties !== undefined) {
      const visible = Object.entries(properties).filter(
        ([key], at) => required.includes(key) || at < furtherMax.output[0],
      );
      return Object.fromEntries(visible.map(([key, inner]) => [key, this.own(inner, key)]));
    }
    if (items !== undefined) return [this.own(items, name)];
    if (type === "object") return {};
    if (type === "string") return exampleText(name);
    if (type === "boolean") return true;
    if (type === "number" || type === "integer")
      return type === "number" && name.endsWith("Ms") ? exampleTimeMs : Math.max(1, minimum ?? 1);
    return examplePayload;
  }

  #typeNamed(name: string): string {
    const [type] = Object.entries(this.#schema.messages).find(([, table]) => table.name === name) ?? [];
    if (type === undefined) throw new Error(`expected a schema, got ${name}`);
    return type;
  }

  /** An empty message says nothing, unless the field is needed. */
  #nested({ of = "", rule, oneof }: FieldTable, direction: Direction, depth: number): unknown {
    const isNeeded = direction === "input" && (rule?.required === true || oneof !== undefined);
    if (depth > depthMax && !isNeeded) return undefined;
    const value = this.message(of, direction, depth);
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    return isEmpty && !isNeeded ? undefined : value;
  }

  #single(field: FieldTable, direction: Direction, depth: number): unknown {
    const { kind, of = "", json, rule } = field;
    switch (kind) {
      case "message":
        return this.#nested(field, direction, depth);
      case "enum":
        return wordOf(Object.values(enumOf(this.#schema, of).words));
      case "payload":
        return examplePayload;
      case "blob":
        return { sha256: exampleHash, size: 1_024 };
      case "mask":
        return ["title"];
      case "time":
        return timeOf(json);
      case "bytes":
        return bytesOf(rule);
      case "boolean":
        return true;
      case "string":
        return textOf(field);
      default:
        return kind === "integer" ? wholeNumberOf(rule) : numberOf(json, rule);
    }
  }
}

/**
 * Returns the fields of an example: the needed ones, one field of each oneof, and some others, those without a message
 * first. Of a response, the fields that are always there count as needed.
 */
function chosenFields(
  { fields, choices = [] }: MessageTable,
  direction: Direction,
  depth: number,
): FieldTable[] {
  const oneofs = new Set<string>();
  const isNeeded = ({ oneof, rule, always }: FieldTable) =>
    oneof === undefined
      ? rule?.required === true || (direction === "output" && always === true)
      : choices.includes(oneof);
  const candidates = fields.filter((field) => {
    const { oneof, json } = field;
    if (json === "idempotencyKey" || (direction === "input" && json === "namespace")) return false;
    if (oneof === undefined) return true;
    if (oneofs.has(oneof)) return false;
    oneofs.add(oneof);
    return true;
  });
  const needed = candidates.filter(isNeeded);
  const further = candidates.filter((field) => !isNeeded(field) && isExemplary(field, direction));
  const isPlain = ({ kind, of }: FieldTable) =>
    kind !== "message" || (of === wellKnown.definition && direction === "input");
  const plain = further.filter(isPlain);
  const nested = direction === "output" ? further.filter((field) => !isPlain(field)) : [];
  const most = furtherMax[direction][depth] ?? 0;
  const chosen = new Set([...needed, ...[...plain, ...nested].slice(0, most)]);
  return fields.filter((field) => chosen.has(field));
}

/**
 * A mask, a revision and bytes mean little without the object that they belong to, parameters without a template. A flag
 * of a request changes more than an example needs.
 */
function isExemplary({ json, kind }: FieldTable, direction: Direction): boolean {
  return (
    direction === "output" || !(/^(mask|bytes|boolean)$/.test(kind) || /^(revision|parameters)$/.test(json))
  );
}

function wordOf(words: readonly string[]): string | undefined {
  return words.find((word) => word === "running") ?? words.find((word) => word !== "unspecified");
}

function withRule(field: FieldTable, rule: FieldRule | undefined): FieldTable {
  const { rule: own, ...rest } = field;
  const { maxItems: _, ...entry } = own ?? {};
  return { ...rest, rule: field.many === "map" ? (rule ?? {}) : entry };
}

function keyOf({ json, rule }: FieldTable): string {
  return /labels?$/i.test(json) || rule?.form === "label" ? "team" : exampleText("name");
}

function textOf({ json, rule = {}, many }: FieldTable): string {
  const { form, minLength = 0, maxLength = 200 } = rule;
  const text = /labels?$/i.test(json) && many === "map" ? "shop" : exampleText(json, form);
  return text.padEnd(minLength, "0").slice(0, maxLength);
}

function bytesOf(rule: FieldRule | undefined): string {
  const { minLength = 0, maxLength = 5 } = rule ?? {};
  return Buffer.from(
    "tutti".padEnd(minLength, "0").slice(0, Math.max(minLength, Math.min(maxLength, 5))),
  ).toString("base64");
}

/** A later event has a later time. */
function timeOf(json: string): number {
  if (/^(create|accept|record)/.test(json)) return exampleTimeMs;
  if (/^(end|expire|due|next|until)/.test(json)) return exampleTimeMs + 60_000;
  return exampleTimeMs + 1_000;
}

function wholeNumberOf({ min = 0, max = Number.MAX_SAFE_INTEGER }: FieldRule = {}): number {
  return Math.min(Math.max(1, min), max);
}

function numberOf(json: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: FieldRule = {}): number {
  const wanted = json.endsWith("Ms") ? 30_000 : /progress|share|ratio|fraction/i.test(json) ? 0.5 : 1;
  return Math.min(Math.max(wanted, min), max);
}
