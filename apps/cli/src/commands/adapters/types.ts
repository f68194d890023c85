/** Prints TypeScript types for the capabilities of an adapter, from the schemas that its worker offers. */
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { offeredAdapter } from "./commands.ts";

export async function adapterTypes(context: Context): Promise<Result> {
  const { print, values } = context;
  const name = values.argument("NAME");
  const { adapter, entries } = await offeredAdapter(context, await connect(context), name);
  const capabilities = adapter.operations.map(({ name: operation }) => {
    const entry = entries.find((candidate) => candidate.name === `${name}.${operation}`);
    const { inputSchema = "", outputSchema = "" } = entry?.versions[0]?.capability ?? {};
    return { operation, input: read(inputSchema), output: read(outputSchema) };
  });
  const text = typescriptOf(name, capabilities);
  return { json: { adapter: name, typescript: text }, quiet: [text], draw: () => print.line(text) };
}

type Schema = Readonly<Record<string, unknown>> | boolean;

interface Typed {
  readonly operation: string;
  readonly input: Schema;
  readonly output: Schema;
}

function read(schema: string): Schema {
  return schema === "" ? true : (JSON.parse(schema) as Schema);
}

export function typescriptOf(adapter: string, capabilities: readonly Typed[]): string {
  const usedNames = new Set(reserved);
  const parts = capabilities.map(({ operation, input, output }) => {
    const baseName = pascal(operation);
    const name = free(usedNames, baseName, ["", "Input", "Output"]);
    const constant = free(usedNames, `${name.charAt(0).toLowerCase()}${name.slice(1)}`, [""]);
    const named = new Names(name, usedNames);
    const types = [named.declare(`${name}Input`, input), named.declare(`${name}Output`, output)];
    const parameters = `${name}Input, ${name}Input, ${name}Output`;
    return [
      ...types,
      ...named.declared(),
      `export const ${constant} = capability<${parameters}>("${adapter}.${operation}");`,
    ].join("\n");
  });
  return [`import { capability } from "@tutti/sdk/workflow";`, ...parts].join("\n\n");
}

/** Names that a module cannot declare: `capability` is imported, `Record` and `Readonly` are used. */
const reserved: readonly string[] = [
  ..."arguments await break case catch class const continue debugger default delete do else enum eval export".split(
    " ",
  ),
  ..."extends false finally for function if implements import in instanceof interface let new null package".split(
    " ",
  ),
  ..."private protected public return static super switch this throw true try typeof var void while with".split(
    " ",
  ),
  ..."yield capability Record Readonly".split(" "),
];

/** Reserves a name that is free with each of the endings. */
function free(usedNames: Set<string>, baseName: string, endings: readonly string[]): string {
  let name = baseName;
  for (let number = 2; endings.some((ending) => usedNames.has(name + ending)); number++)
    name = `${baseName}${number}`;
  for (const ending of endings) usedNames.add(name + ending);
  return name;
}

const plain: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

/** Types of one operation. Each definition of its schemas gets a type of its own. */
class Names {
  readonly #prefix: string;
  readonly #usedNames: Set<string>;
  /** Type names by definition. */
  readonly #names = new Map<string, string>();
  readonly #pending = new Map<string, Schema>();
  readonly #declarations = new Map<string, string>();
  #definitions: Readonly<Record<string, unknown>> = {};

  constructor(prefix: string, usedNames: Set<string>) {
    this.#prefix = prefix;
    this.#usedNames = usedNames;
  }

  declare(name: string, schema: Schema): string {
    this.#definitions = { ...this.#definitions, ...members(schema, "$defs") };
    return `export type ${name} = ${this.#typeOf(schema)};`;
  }

  /** Returns the declarations of all referenced definitions, including references between them. */
  declared(): readonly string[] {
    for (const [name, schema] of this.#pending)
      if (!this.#declarations.has(name))
        this.#declarations.set(name, `export type ${name} = ${this.#typeOf(schema)};`);
    return [...this.#declarations.values()];
  }

  #typeOf(schema: unknown): string {
    if (typeof schema !== "object" || schema === null) return "unknown";
    const record = schema as Readonly<Record<string, unknown>>;
    const reference = record["$ref"];
    if (typeof reference === "string") return this.#named(reference);
    if (Array.isArray(record["enum"])) return either(record["enum"].map((value) => JSON.stringify(value)));
    if ("const" in record) return JSON.stringify(record["const"]);
    for (const [key, sign] of [
      ["anyOf", " | "],
      ["oneOf", " | "],
      ["allOf", " & "],
    ] as const) {
      const parts = record[key];
      if (Array.isArray(parts) && parts.length > 0)
        return `(${[...new Set(parts.map((part) => this.#typeOf(part)))].join(sign)})`;
    }
    const kinds = [record["type"] ?? (record["properties"] === undefined ? undefined : "object")].flat();
    return either(kinds.map((kind) => this.#typeAs(kind, record)));
  }

  #typeAs(kind: unknown, schema: Readonly<Record<string, unknown>>): string {
    if (kind === "array") return `readonly (${this.#typeOf(schema["items"])})[]`;
    if (kind !== "object") return plain[String(kind)] ?? "unknown";
    const required = Array.isArray(schema["required"]) ? schema["required"] : [];
    // Parameters of statements and commands have a name and no schema.
    const unknown = Object.fromEntries(required.map((name: unknown) => [String(name), {}]));
    const fields = Object.entries({ ...unknown, ...members(schema, "properties") }).map(
      ([name, value]) => `${key(name)}${required.includes(name) ? "" : "?"}: ${this.#typeOf(value)}`,
    );
    const more = schema["additionalProperties"];
    if (fields.length === 0)
      return more === false ? "Record<string, never>" : `Readonly<Record<string, ${this.#typeOf(more)}>>`;
    return `{ ${fields.join("; ")} }`;
  }

  #named(reference: string): string {
    const definition = reference.slice("#/$defs/".length);
    if (!Object.hasOwn(this.#definitions, definition)) return "unknown";
    const name =
      this.#names.get(definition) ?? free(this.#usedNames, `${this.#prefix}${pascal(definition)}`, [""]);
    this.#names.set(definition, name);
    this.#pending.set(name, this.#definitions[definition] as Schema);
    return name;
  }
}

function members(schema: Schema, name: string): Readonly<Record<string, unknown>> {
  const found = typeof schema === "boolean" ? undefined : schema[name];
  return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
}

function either(types: readonly string[]): string {
  return types.length === 0 ? "unknown" : [...new Set(types)].join(" | ");
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Returns a name in Pascal case: `orders.get-order` is `OrdersGetOrder`. */
function pascal(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[A-Za-z]/.test(joined) ? joined : `Type${joined}`;
}
