/**
 * Fields of a GraphQL API as operations, by introspection.
 *
 * 1. A query or mutation is one operation. Its arguments are the input, the value of the field is the output.
 * 2. The document selects scalars, and objects to a depth. It leaves out fields with a required argument and deprecated
 *    fields. A deprecated query or mutation is an operation whose description states it.
 */
import { isMembers, type Members } from "../../agents/models/wire.ts";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import type { Adapter, AdapterCall } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { matchingOperations, nameIn } from "../names.ts";
import { localSecret } from "../source.ts";
import {
  type GraphqlAdapterOptions,
  type GraphqlOperation,
  graphqlAdapter,
  graphqlOptionNames,
} from "./graphql.ts";
import type { HttpPorts } from "./http.ts";

export interface IntrospectedGraphqlOptions extends Omit<GraphqlAdapterOptions, "operations"> {
  /** Operations to import, by their names. `*` stands for any characters. Default: all. */
  readonly only?: readonly string[];
  /** How deep objects are selected. Default: 3. */
  readonly depth?: number;
  /** Header with which mutations may be repeated. Default: none. */
  readonly idempotencyHeader?: string;
}

const { operations: _, ...commonNames } = graphqlOptionNames;
const optionNames: OptionNames<IntrospectedGraphqlOptions> = {
  ...commonNames,
  only: true,
  depth: true,
  idempotencyHeader: true,
};
const typeParts =
  "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
const valueParts = `name description type { ${typeParts} }`;
const introspection = `query { __schema { queryType { name } mutationType { name } types {
  kind name description enumValues(includeDeprecated: true) { name } possibleTypes { name }
  inputFields { ${valueParts} defaultValue }
  fields(includeDeprecated: true) { ${valueParts} isDeprecated deprecationReason
    args { ${valueParts} defaultValue } } } } }`;

/** Reads the schema of an API, and makes an adapter of all its queries and mutations. */
export async function introspectedGraphql(
  options: IntrospectedGraphqlOptions,
  ports: HttpPorts = {},
): Promise<Adapter> {
  requireKnown("introspectedGraphql", options, optionNames);
  const { only, depth = 3, idempotencyHeader, ...rest } = options;
  const introspectionAdapter = graphqlAdapter(
    { ...rest, operations: { schema: { document: introspection } } },
    ports,
  );
  const call: AdapterCall = { idempotencyKey: "", signal: new AbortController().signal, secret: localSecret };
  let data: unknown;
  try {
    data = await introspectionAdapter.operations["schema"]?.call({}, call);
  } finally {
    introspectionAdapter.close?.();
  }
  const schema = isMembers(data) && isMembers(data["__schema"]) ? data["__schema"] : undefined;
  if (schema === undefined)
    throw adapterErrors.answerUnreadable({ operation: options.name, reason: "it is no schema of GraphQL" });
  const all = new Api(schema, depth).operations(idempotencyHeader);
  const operations = only === undefined ? all : matchingOperations(all, only);
  if (Object.keys(operations).length === 0)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: "the API has none of the requested fields",
    });
  const adapter = graphqlAdapter({ ...rest, operations }, ports);
  const unpacked = Object.entries(adapter.operations).map(([name, operation]) => [
    name,
    {
      ...operation,
      call: async (input: Members, call: AdapterCall) =>
        (((await operation.call(input, call)) ?? {}) as Members)["value"] ?? null,
    },
  ]);
  return { ...adapter, operations: Object.fromEntries(unpacked) };
}

interface Type {
  readonly kind: string;
  readonly name: string | null;
  readonly ofType?: Type | null;
}

interface Value {
  readonly name: string;
  readonly description?: string | null;
  readonly type: Type;
  readonly defaultValue?: string | null;
  readonly args?: readonly Value[];
  readonly isDeprecated?: boolean;
  readonly deprecationReason?: string | null;
}

interface Declared {
  readonly name: string;
  readonly kind: string;
  readonly fields?: readonly Value[] | null;
  readonly inputFields?: readonly Value[] | null;
  readonly enumValues?: readonly { readonly name: string }[] | null;
  readonly possibleTypes?: readonly { readonly name: string }[] | null;
}

const lengthMax = 32_768;
const descriptionMax = 200;

/** The schema of an API. */
class Api {
  readonly #types: ReadonlyMap<string, Declared>;
  readonly #roots: readonly (readonly [kind: "query" | "mutation", name: string])[];
  readonly #depth: number;

  constructor(schema: Members, depth: number) {
    const types = (Array.isArray(schema["types"]) ? schema["types"] : []) as readonly Declared[];
    this.#types = new Map(types.map((type) => [type.name, type]));
    const nameOf = (root: unknown) => (isMembers(root) ? String(root["name"]) : "");
    this.#roots = [
      ["query", nameOf(schema["queryType"])],
      ["mutation", nameOf(schema["mutationType"])],
    ];
    this.#depth = depth;
  }

  operations(idempotencyHeader: string | undefined): Readonly<Record<string, GraphqlOperation>> {
    const result: Record<string, GraphqlOperation> = {};
    for (const [kind, root] of this.#roots)
      for (const field of this.#types.get(root)?.fields ?? []) {
        const own = nameIn(field.name);
        result[Object.hasOwn(result, own) ? `${kind}.${own}` : own] = this.#operation(
          kind,
          field,
          idempotencyHeader,
        );
      }
    return result;
  }

  #operation(kind: string, field: Value, idempotencyHeader: string | undefined): GraphqlOperation {
    const { args = [], name, type } = field;
    const variables = args.map((arg) => `$${arg.name}: ${written(arg.type)}`);
    const passed = args.map((arg) => `${arg.name}: $${arg.name}`);
    const inBrackets = (parts: readonly string[]) => (parts.length === 0 ? "" : `(${parts.join(", ")})`);
    // An object needs a selection, also if each of its fields needs an argument.
    const selected = this.#selection(type, this.#depth) ?? "{ __typename }";
    const reason =
      field.isDeprecated === true ? `Deprecated: ${field.deprecationReason ?? "no reason"}. ` : "";
    const text = `${reason}${field.description ?? ""}`;
    const description = text.replace(/\s+/g, " ").trim().slice(0, descriptionMax);
    return {
      document: `${kind} ${inBrackets(variables)} { value: ${name}${inBrackets(passed)} ${selected} }`,
      input: bounded(this.#object(args)),
      output: bounded(this.#output(type, this.#depth)),
      ...(description !== "" && { description }),
      ...(kind === "mutation" && idempotencyHeader !== undefined && { idempotencyHeader }),
    };
  }

  /** Returns the selection of a type. Empty for a scalar. Undefined if no field of an object can be selected. */
  #selection(type: Type, depth: number): string | undefined {
    const { name } = coreOf(type);
    const { kind, possibleTypes } = this.#types.get(name ?? "") ?? { kind: "SCALAR" };
    if (kind === "SCALAR" || kind === "ENUM") return "";
    const parts = this.#fields(name, depth).map(([field, selected]) => `${field} ${selected}`.trim());
    const others = kind === "OBJECT" ? [] : (possibleTypes ?? []);
    for (const other of others) {
      const own = this.#fields(other.name, Math.min(depth, 1)).filter(([, selected]) => selected === "");
      if (own.length > 0) parts.push(`... on ${other.name} { ${own.map(([field]) => field).join(" ")} }`);
    }
    if (parts.length === 0) return undefined;
    return `{ ${others.length > 0 ? "__typename " : ""}${parts.join(" ")} }`;
  }

  #fields(
    name: string | null,
    depth: number,
  ): readonly (readonly [name: string, selected: string, type: Type])[] {
    if (depth === 0) return [];
    return (this.#types.get(name ?? "")?.fields ?? []).flatMap(
      ({ name: field, type, args = [], isDeprecated }) => {
        if (isDeprecated === true) return [];
        if (args.some((arg) => arg.type.kind === "NON_NULL" && (arg.defaultValue ?? null) === null))
          return [];
        const selected = this.#selection(type, depth - 1);
        return selected === undefined ? [] : [[field, selected, type] as const];
      },
    );
  }

  #output(type: Type, depth: number): JsonSchema {
    if (type.kind === "NON_NULL" && type.ofType) return this.#output(type.ofType, depth);
    if (type.kind === "LIST" && type.ofType)
      return { type: ["array", "null"], items: this.#output(type.ofType, depth) };
    const { kind, enumValues } = this.#types.get(type.name ?? "") ?? { kind: "SCALAR" };
    if (kind === "ENUM") return { enum: [...(enumValues ?? []).map(({ name }) => name), null] };
    if (kind === "SCALAR") return { ...scalars[type.name ?? ""], ...nullable(type.name) };
    if (kind !== "OBJECT") return { type: ["object", "null"] };
    const properties = this.#fields(type.name, depth).map(([name, , of]) => [
      name,
      this.#output(of, depth - 1),
    ]);
    return { type: ["object", "null"], properties: Object.fromEntries(properties) };
  }

  #object(values: readonly Value[], depth = inputDepth): JsonSchema {
    const required = values
      .filter(({ type, defaultValue }) => type.kind === "NON_NULL" && (defaultValue ?? null) === null)
      .map(({ name }) => name);
    const properties = values.map(({ name, type }) => [name, this.#input(type, depth)]);
    return {
      type: "object",
      required,
      properties: Object.fromEntries(properties),
      additionalProperties: false,
    };
  }

  #input(type: Type, depth: number): JsonSchema {
    if (type.kind === "NON_NULL" && type.ofType) return this.#input(type.ofType, depth);
    if (type.kind === "LIST" && type.ofType) return { type: "array", items: this.#input(type.ofType, depth) };
    const { kind, enumValues, inputFields } = this.#types.get(type.name ?? "") ?? { kind: "SCALAR" };
    if (kind === "ENUM") return { enum: (enumValues ?? []).map(({ name }) => name) };
    if (kind !== "INPUT_OBJECT") return scalars[type.name ?? ""] ?? {};
    // Input objects may contain themselves.
    return depth === 0 ? { type: "object" } : this.#object(inputFields ?? [], depth - 1);
  }
}

const inputDepth = 4;

const scalars: Readonly<Record<string, JsonSchema & object>> = {
  String: { type: "string" },
  ID: { type: ["string", "integer"] },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
};

function nullable(name: string | null): JsonSchema & object {
  const known = scalars[name ?? ""] as { readonly type?: string | readonly string[] } | undefined;
  return known?.type === undefined ? {} : { type: [...[known.type].flat(), "null"] };
}

function coreOf(type: Type): Type {
  return type.ofType ? coreOf(type.ofType) : type;
}

/** Writes a type, such as `[Item!]!`. */
function written(type: Type): string {
  if (type.kind === "NON_NULL" && type.ofType) return `${written(type.ofType)}!`;
  if (type.kind === "LIST" && type.ofType) return `[${written(type.ofType)}]`;
  return type.name ?? "";
}

function bounded(schema: JsonSchema): JsonSchema {
  return JSON.stringify(schema).length <= lengthMax ? schema : {};
}
