/** The part of the API description that tests read. Requests are drawn from it, and replies are compared with it. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly contentEncoding?: string;
}

interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Content }>>;
}

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

export interface Described {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
}

export function operationsOf({ paths, components }: Document): Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ path, method: method.toUpperCase(), operation },
      parameters: (operation.parameters ?? []).map((parameter) =>
        parameter.$ref === undefined
          ? parameter
          : (components.parameters[lastOf(parameter.$ref)] ?? parameter),
      ),
    })),
  );
}

const lastOf = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

export function resolved(schema: Schema, { components }: Document): Schema {
  return schema.$ref === undefined ? schema : (components.schemas[lastOf(schema.$ref)] ?? schema);
}

/** Returns the differences between a value and its schema. Empty if there are none. */
export function unlike(value: unknown, declared: Schema, document: Document, at = ""): string[] {
  const schema = resolved(declared, document);
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((option) => unlike(value, option, document, at));
    return all.some((result) => result.length === 0) ? [] : (all[0] ?? []);
  }
  const isType = schema.type === undefined || typeOf(value) === schema.type;
  const isInteger = schema.type === "number" && typeof value === "number";
  if (!isType && !isInteger) return [`${at}: expected ${schema.type}, got ${JSON.stringify(value)}`];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${at}: expected one of ${schema.enum.join(", ")}, got ${JSON.stringify(value)}`];
  if (Array.isArray(value))
    return value.flatMap((item, index) => unlike(item, schema.items ?? {}, document, `${at}[${index}]`));
  if (typeOf(value) !== "object") return [];
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(Object(value), name));
  return [
    ...missing.map((name) => `${at}.${name}: expected, got nothing`),
    ...entries.flatMap(([name, member]) => {
      const { properties = {}, additionalProperties } = schema;
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (own !== undefined) return unlike(member, own, document, `${at}.${name}`);
      if (typeof additionalProperties === "object")
        return unlike(member, additionalProperties, document, `${at}.${name}`);
      return schema.type === "object" && additionalProperties === undefined
        ? [`${at}.${name}: not in the description`]
        : [];
    }),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value;
}
