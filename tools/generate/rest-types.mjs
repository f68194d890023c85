// TypeScript types of the JSON requests and replies of routes, for programs that call them.
import { generatedHeader } from "./names.mjs";

/**
 * @param {object} parts
 * @param {readonly object[]} parts.routes
 * @param {object} parts.schema
 * @param {Record<string, string>} parts.words
 * @param {(route: object, schema: object) => object} parts.planOf
 * @param {{ ownRoutes: object, ownSchemas: object }} parts.own
 */
export function restTypes({ routes, schema, words, planOf, own }) {
  const writer = new TypeWriter(schema, words);
  const entries = routes.flatMap((route) => {
    const lines =
      route.rpc === undefined
        ? ownEntry(own.ownRoutes[route.name], writer)
        : plannedEntry(planOf(route, schema), writer);
    return [`  readonly ${JSON.stringify(route.name)}: {`, ...lines.map((line) => `    ${line}`), "  };"];
  });
  const ownTypes = Object.entries(own.ownSchemas).flatMap(([name, one]) => [
    "",
    ...(one.description === undefined ? [] : [comment(one.description)]),
    `export type ${name} = ${ofSchema(one, writer)};`,
  ]);
  const types = writer.lines();
  return [
    generatedHeader,
    ...types,
    ...ownTypes,
    "",
    "/** The parameters, query, body and reply of each route. */",
    "export interface Routes {",
    ...entries,
    "}",
    "",
  ].join("\n");
}

function plannedEntry({ route, params, query, body, reply }, writer) {
  return [
    `readonly params: ${fieldsType(params, writer, true)};`,
    `readonly query: ${fieldsType(query, writer)};`,
    `readonly body: ${bodyType(body, writer)};`,
    `readonly reply: ${route.reply ?? writer.reply(reply)};`,
  ];
}

function bodyType(body, writer) {
  if (body === undefined) return "undefined";
  if (body.is === "fields") return fieldsType(body.fields, writer);
  return writer.value(body.field.field, "input");
}

function fieldsType(fields, writer, allNeeded = false) {
  if (fields.length === 0) return "Nothing";
  const members = fields.map(({ name, field, path }) => {
    // A required field of a message is required only if the message is present.
    const isNeeded = path.every(({ rule, oneof }) => rule?.required && oneof === undefined);
    const needed = allNeeded || isNeeded;
    return `readonly ${name}${needed ? "" : "?"}: ${writer.parameter(field, "input")}`;
  });
  return `{ ${members.join("; ")} }`;
}

function ownEntry(route, writer) {
  const members = (schemas, allNeeded) => {
    const entries = Object.entries(schemas ?? {});
    if (entries.length === 0) return "Nothing";
    const parts = entries.map(
      ([name, one]) => `readonly ${name}${allNeeded ? "" : "?"}: ${ofSchema(one, writer)}`,
    );
    return `{ ${parts.join("; ")} }`;
  };
  return [
    `readonly params: ${members(route.params, true)};`,
    `readonly query: ${members(route.query, false)};`,
    `readonly body: ${route.body === undefined ? "undefined" : ofSchema(route.body, writer)};`,
    `readonly reply: ${route.reply === undefined ? "undefined" : ofSchema(route.reply, writer)};`,
  ];
}

function ofSchema(one, writer) {
  if (one.$ref !== undefined) return writer.named(one.$ref);
  if (one.enum !== undefined) return one.enum.map((word) => JSON.stringify(word)).join(" | ");
  switch (one.type) {
    case "array":
      return `readonly ${inArray(ofSchema(one.items, writer))}[]`;
    case "object":
      return objectType(one, writer);
    case "integer":
      return "number";
    case undefined:
      return "unknown";
    default:
      return one.type;
  }
}

function objectType(one, writer) {
  const required = new Set(one.required);
  const members = Object.entries(one.properties ?? {}).map(([name, inner]) => {
    const declared = inner.description === undefined ? "" : `${comment(inner.description)} `;
    return `${declared}readonly ${name}${required.has(name) ? "" : "?"}: ${ofSchema(inner, writer)}`;
  });
  if (one.additionalProperties !== undefined)
    members.push(`readonly [key: string]: ${ofSchema(one.additionalProperties, writer)}`);
  return `{ ${members.join("; ")} }`;
}

const inArray = (type) => (/[|{ ]/.test(type) ? `(${type})` : type);

/** Writes types, each once under a name. */
class TypeWriter {
  #schema;
  #words;
  #written = new Map();

  constructor(schema, words) {
    this.#schema = schema;
    this.#words = words;
  }

  /** Returns a message of the contracts by its short name. */
  named(name) {
    const found = Object.entries(this.#schema.messages).find(([, table]) => table.name === name);
    return found === undefined ? name : this.message(found[0], "output");
  }

  /** Returns the reply type of an rpc: the whole message, or its only field. */
  reply({ type, only }) {
    if (only === undefined) return this.message(type, "output");
    const isSure = !/\babsent\b/.test(this.#words[`${type}.${only.name}`]);
    return `${this.message(only.of, "output")}${isSure ? "" : " | undefined"}`;
  }

  message(type, way) {
    const own = this.#schema.messages[type].name;
    const name = way === "input" ? inputName(own) : own;
    if (!this.#written.has(name)) {
      this.#written.set(name, []);
      this.#written.set(name, this.#messageLines(type, name, way));
    }
    if (way === "input" && type === "tutti.types.v1.DefinitionReference") return `${name} | string`;
    return name;
  }

  #messageLines(type, name, way) {
    const members = this.#schema.messages[type].fields.flatMap((field) => {
      if (way === "output" && field.of === "tutti.types.v1.PageReply")
        return this.#schema.messages[field.of].fields.flatMap((inner) => this.#member(field.of, inner, way));
      return this.#member(type, field, way);
    });
    return ["", ...about(this.#words[type]), `export interface ${name} {`, ...members, "}"];
  }

  #member(type, field, way) {
    const needed = way === "output" ? field.always : field.rule?.required && field.oneof === undefined;
    const declared = about(this.#words[`${type}.${field.name}`]).map((line) => `  ${line}`);
    return [...declared, `  readonly ${field.json}${needed ? "" : "?"}: ${this.value(field, way)};`];
  }

  value(field, way) {
    const one = this.#single(field, way);
    if (field.many === "list") return `readonly ${inArray(one)}[]`;
    if (field.many === "map") return `Readonly<Record<string, ${one}>>`;
    return one;
  }

  /** Returns the type of a query parameter. A list with a single entry may be that entry. */
  parameter(field, way) {
    if (field.of === "tutti.types.v1.LabelSelector") return "string | readonly string[]";
    const one = this.#single(field, way);
    return field.many === "list" && field.kind !== "message"
      ? `${one} | readonly ${inArray(one)}[]`
      : this.value(field, way);
  }

  #single(field, way) {
    switch (field.kind) {
      case "message":
        return this.message(field.of, way);
      case "enum":
        return this.#enumeration(field.of);
      case "payload":
        return "unknown";
      case "blob":
        return "{ readonly sha256: string; readonly size: number }";
      case "mask":
        return "readonly string[]";
      case "bytes":
      case "string":
        return "string";
      case "boolean":
        return "boolean";
      default:
        return "number";
    }
  }

  #enumeration(type) {
    const { name, words } = this.#schema.enums[type];
    if (!this.#written.has(name)) {
      const union = Object.values(words).map((word) => `  | ${JSON.stringify(word)}`);
      this.#written.set(name, [
        "",
        ...about(this.#words[type]),
        `export type ${name} =`,
        `${union.join("\n")};`,
      ]);
    }
    return name;
  }

  lines() {
    const sorted = [...this.#written].sort(([one], [other]) => (one < other ? -1 : 1));
    return [
      "",
      "export type Nothing = Readonly<Record<never, never>>;",
      ...sorted.flatMap(([, lines]) => lines),
    ];
  }
}

function inputName(name) {
  return name.endsWith("Request") ? name : `${name}Input`;
}

function about(text) {
  return text === "" ? [] : [comment(text)];
}

function comment(text) {
  return `/** ${text.replaceAll("\n", " ").replaceAll("*/", "* /")} */`;
}
