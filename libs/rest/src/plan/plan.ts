/**
 * The location of each field in an HTTP request: in the path, the query, the body, or a header. The gateway, the
 * types, the OpenAPI document and the reference page use it.
 *
 * 1. The namespace is always in the query, the idempotency key in its header.
 * 2. Without a body, fields outside of the path are in the query, messages by their fields and lists by repetition.
 * 3. A reply with one message field is that message. The page token of a list is next to the list.
 */
import type { Route } from "../routes/route.ts";
import { paramsIn } from "../routes/routes.ts";
import { type FieldTable, messageOf, type RpcTable, type Schema, wellKnown } from "./schema.ts";

/** A field and its location in the message: the names of the fields that lead to it. */
export interface PlannedField {
  /** Name at its location. */
  readonly name: string;
  readonly path: readonly FieldTable[];
  readonly field: FieldTable;
}

export interface RoutePlan {
  readonly route: Route;
  readonly rpc: RpcTable;
  readonly params: readonly PlannedField[];
  readonly query: readonly PlannedField[];
  readonly body: BodyPlan | undefined;
  /** Field of the idempotency key. */
  readonly key: PlannedField | undefined;
  readonly reply: ReplyPlan;
}

type BodyPlan =
  | { readonly is: "fields"; readonly fields: readonly PlannedField[] }
  | { readonly is: "field"; readonly field: PlannedField };

interface ReplyPlan {
  /** Message of the contract. */
  readonly type: string;
  /** Field that is the whole response. */
  readonly only: FieldTable | undefined;
}

export function planOf(route: Route & { readonly rpc: string }, schema: Schema): RoutePlan {
  const rpc = schema.rpcs[route.rpc];
  if (rpc === undefined)
    throw new Error(`expected an rpc of the contracts at ${route.name}, got ${route.rpc}`);
  const requestFields = fieldsOf(route, rpc, schema);
  const mapped = new Set<string>();
  const mapField = (path: string, name: string): PlannedField => {
    mapped.add(path);
    return { ...fieldAt(schema, rpc.request, path, route.name), name };
  };
  const params = paramsIn(route.path).map((name) => mapField(route.params?.[name] ?? name, name));
  const renamed = Object.entries(route.query ?? {}).map(([name, path]) => mapField(path, name));
  const isBodied = route.method !== "GET" && route.method !== "DELETE";
  const body = route.body === undefined ? undefined : mapField(route.body, route.body);
  for (const path of mergedPaths(route)) mapped.add(path);
  const rest = requestFields.filter((planned) => !mapped.has(pathOf(planned)));
  const key = rest.find((planned) => pathOf(planned) === "idempotencyKey");
  const remaining = rest.filter((planned) => planned !== key);
  const inQuery = remaining.filter((planned) => !isBodied || body !== undefined || isAlwaysQueried(planned));
  const query = [...renamed, ...inQuery].flatMap((planned) => flattened(planned, schema, route.name));
  const inBody = remaining.filter((planned) => !inQuery.includes(planned));
  unambiguous(route.name, query);
  return {
    route,
    rpc,
    params,
    query,
    key,
    body: body === undefined ? bodyOf(inBody) : { is: "field", field: body },
    reply: { type: rpc.reply, only: onlyOf(schema, rpc.reply) },
  };
}

function unambiguous(route: string, fields: readonly PlannedField[]): void {
  const duplicate = fields.find(({ name }, at) => fields.findIndex((other) => other.name === name) !== at);
  if (duplicate !== undefined)
    throw new Error(`${route}: two fields would be ${duplicate.name}: name one in query`);
}

export const pathOf = ({ path }: Pick<PlannedField, "path">): string =>
  path.map(({ name }) => name).join(".");

function bodyOf(fields: readonly PlannedField[]): BodyPlan | undefined {
  return fields.length === 0 ? undefined : { is: "fields", fields };
}

function isAlwaysQueried(planned: PlannedField): boolean {
  return pathOf(planned) === "namespace" || planned.path[0]?.of === wellKnown.page;
}

function mergedPaths({ merge }: Route): readonly string[] {
  if (merge === undefined) return [];
  return [merge.mask.split(".", 1)[0] ?? ""];
}

/** Returns the fields of a request, with those of a hoisted field in its place. */
function fieldsOf(route: Route, rpc: RpcTable, schema: Schema): PlannedField[] {
  const omitted = new Set(route.omit);
  const hoisted = new Set(route.hoist);
  return messageOf(schema, rpc.request)
    .fields.filter(({ name }) => !omitted.has(name))
    .flatMap((field) => {
      const own = { name: field.json, path: [field], field };
      if (field.of !== wellKnown.page && !hoisted.has(field.name)) return [own];
      return messageOf(schema, field.of ?? "")
        .fields.filter(({ name }) => name !== "namespace")
        .map((inner) => ({ name: inner.json, path: [field, inner], field: inner }));
    });
}

function fieldAt(schema: Schema, type: string, path: string, route: string): Omit<PlannedField, "name"> {
  const fields: FieldTable[] = [];
  let table = messageOf(schema, type);
  for (const name of path.split(".")) {
    const field = table.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new Error(`${route}: ${path} leads to no field of ${type}`);
    fields.push(field);
    if (field.kind === "message") table = messageOf(schema, field.of ?? "");
  }
  const field = fields.at(-1);
  if (field === undefined) throw new Error(`${route}: expected a path, got none`);
  return { path: fields, field };
}

/** Returns a field as parameters of a query. */
function flattened(planned: PlannedField, schema: Schema, route: string): PlannedField[] {
  const { field, name, path } = planned;
  if (field.of === wellKnown.selector) return [{ ...planned, name: singular(name) }];
  if (field.many === "list" && field.kind !== "message") return [{ ...planned, name: singular(name) }];
  if (field.many !== undefined) throw new Error(`${route}: ${name} cannot be set in a query`);
  if (field.kind !== "message") return [planned];
  return messageOf(schema, field.of ?? "").fields.flatMap((inner) =>
    flattened({ name: joined(name, inner.json), path: [...path, inner], field: inner }, schema, route),
  );
}

/** Joins names: `created` and `fromMs` give `createdFromMs`. */
function joined(name: string, inner: string): string {
  return `${name}${inner[0]?.toUpperCase() ?? ""}${inner.slice(1)}`;
}

/** Returns the singular: a repeated parameter has the name of one entry. */
function singular(name: string): string {
  if (name.endsWith("ies")) return `${name.slice(0, -3)}y`;
  if (name.endsWith("ses")) return name.slice(0, -2);
  return name.endsWith("s") ? name.slice(0, -1) : name;
}

/** Returns the field that is the whole reply. */
function onlyOf(schema: Schema, type: string): FieldTable | undefined {
  const [first, ...others] = messageOf(schema, type).fields;
  if (first?.kind !== "message" || first.many !== undefined || others.length > 0) return undefined;
  return first;
}
