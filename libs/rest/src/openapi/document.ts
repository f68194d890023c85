/**
 * The routes as an OpenAPI document: generated from the same table, plans and tables of the contracts that the gateway
 * uses.
 */
import { schema } from "../generated/schema.ts";
import { words } from "../generated/words.ts";
import { ownRoutes, ownSchemas } from "../plan/own.ts";
import { type PlannedField, planOf, type RoutePlan } from "../plan/plan.ts";
import { wellKnown } from "../plan/schema.ts";
import type { Route } from "../routes/route.ts";
import { type RouteName, routes } from "../routes/routes.ts";
import { Examples } from "./example.ts";
import { described, isNeeded, type JsonSchema, Schemas } from "./json-schema.ts";

export interface DocumentOptions {
  readonly version: string;
}

const examples = new Examples(schema, ownSchemas);

export function openApiDocument({ version }: DocumentOptions): JsonSchema {
  const schemas = new Schemas(schema, words);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    paths[route.path] = path;
    path[route.method.toLowerCase()] = operation(route, schemas);
  }
  for (const [name, own] of Object.entries(ownSchemas)) {
    if (Object.hasOwn(schemas.byName, name))
      throw new Error(`${name} is a message of the contracts: name it otherwise`);
    schemas.byName[name] = schemas.own(own);
  }
  const sorted = Object.entries(schemas.byName).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    openapi: "3.1.0",
    info: {
      title: "Tutti",
      version,
      description:
        "Workflows, tasks and workers over HTTP. Requests can omit fields without content (empty, zero, false). Responses omit them, except for lists and names.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{}, { key: [] }, { cookie: [] }],
    tags: tagsOf(),
    paths,
    components: {
      schemas: { ...Object.fromEntries(sorted), ProblemDetails: problemSchema },
      responses: {
        Problem: {
          description:
            "The problem: a stable code, and a text with the expected value, the found value and the next step.",
          content: {
            "application/problem+json": { schema: { $ref: "#/components/schemas/ProblemDetails" } },
          },
        },
      },
      parameters: { IdempotencyKey: keyParameter, RequestTimeout: timeoutParameter },
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "The key of the installation (`gateway.key`)." },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "tutti-7400",
          description: "The cookie of a browser that has signed in.",
        },
      },
    },
  };
}

function operation(route: Route & { readonly name: RouteName }, schemas: Schemas): JsonSchema {
  const { rpc } = route;
  const parts =
    rpc === undefined ? ownParts(route, schemas) : plannedParts(planOf({ ...route, rpc }, schema), schemas);
  return { operationId: route.name, tags: [tagOf(route)], ...parts, ...(route.open && { security: [] }) };
}

function plannedParts(plan: RoutePlan, schemas: Schemas): JsonSchema {
  const { route, params, query, key } = plan;
  const description = schemas.about(route.rpc ?? "");
  const chosen = examples.chosenParameters(query, plan.rpc.request);
  const inPath = params.map((planned) => parameter(planned, "path", plan, schemas));
  const inQuery = query.map((planned) => ({
    ...parameter(planned, "query", plan, schemas),
    ...(chosen.has(planned) && { example: examples.parameter(planned) }),
  }));
  const byReference = [...(key === undefined ? [] : ["IdempotencyKey"]), "RequestTimeout"];
  const isCreating = schema.messages[plan.rpc.reply]?.fields.some(({ name }) => name === "existed");
  const { reply: name } = route;
  const { only, type } = plan.reply;
  const reply =
    name === undefined ? schemas.message(only?.of ?? type, "output") : schemas.own({ $ref: name });
  const example =
    name === undefined ? examples.message(only?.of ?? type, "output") : examples.own({ $ref: name });
  const content = { [mediaTypeOf(route)]: { schema: reply, example } };
  const good = { description: "The response.", content };
  return {
    summary: route.summary ?? firstSentence(description),
    ...described(description),
    parameters: [
      ...inPath,
      ...inQuery,
      ...byReference.map((reference) => ({ $ref: `#/components/parameters/${reference}` })),
    ],
    ...bodyOf(plan, schemas),
    responses: {
      "200": good,
      ...(only !== undefined &&
        /\babsent\b/.test(schemas.aboutField(type, only)) && {
          "204": { description: "The object no longer exists." },
        }),
      ...(isCreating && { "201": { ...good, description: "Created." } }),
      ...problems,
    },
  };
}

function bodyOf({ body, route, rpc }: RoutePlan, schemas: Schemas): JsonSchema {
  if (body === undefined) return {};
  const example =
    body.is === "field"
      ? examples.field(body.field.field, "input", 0)
      : examples.body(body.fields, rpc.request);
  const content = (jsonSchema: JsonSchema) => ({
    content: { "application/json": { schema: jsonSchema, example } },
  });
  if (body.is === "field") return { requestBody: content(schemas.field(body.field.field, "input")) };
  const needed = body.fields.filter(({ path }) => path.every(isNeeded)).map(({ name }) => name);
  const properties = body.fields.map((planned) => [
    planned.name,
    { ...schemas.field(planned.field, "input"), ...aboutOf(planned, rpc.request, schemas) },
  ]);
  const bodySchema = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(needed.length > 0 && { required: needed }),
    additionalProperties: false,
  };
  return {
    requestBody: {
      ...content(bodySchema),
      ...(needed.length > 0 && route.method !== "GET" && { required: true }),
    },
  };
}

function parameter(
  planned: PlannedField,
  place: "path" | "query",
  { rpc }: RoutePlan,
  schemas: Schemas,
): JsonSchema {
  const { name, field, path } = planned;
  const needed = place === "path" || path.every(isNeeded);
  const inner =
    field.of === wellKnown.selector
      ? { type: "array", items: { type: "string" } }
      : field.kind === "payload"
        ? { type: "string", contentMediaType: "application/json" }
        : schemas.field(field, "input");
  const isText = inner["type"] === "string" && place === "path";
  return {
    name,
    in: place,
    ...(needed && { required: true }),
    ...aboutOf(planned, rpc.request, schemas),
    ...(needed && { example: examples.parameter(planned) }),
    schema: isText && inner["pattern"] === undefined ? { ...inner, minLength: 1 } : inner,
    ...(inner["type"] === "array" && { style: "form", explode: true }),
  };
}

function aboutOf({ path, field }: PlannedField, request: string, schemas: Schemas): JsonSchema {
  const holder = path.at(-2)?.of ?? request;
  const description = schemas.aboutField(holder, field);
  if (field.of === wellKnown.selector)
    return {
      description:
        "Label selector. `team=core`: the label has this value. `team`: the label has any value. `!team`: there is no such label. Repeat the parameter for more conditions.",
    };
  return described(description);
}

function ownParts(route: Route & { readonly name: RouteName }, schemas: Schemas): JsonSchema {
  const own = ownRoutes[route.name] ?? {};
  const listed = (place: "path" | "query", parameters: NonNullable<typeof own.query>) =>
    Object.entries(parameters).map(([name, { description = "", ...one }]) => ({
      name,
      in: place,
      description,
      schema: schemas.own(one),
      ...(place === "path" && { required: true, example: examples.own(one, name) }),
    }));
  const parameters = [...listed("path", own.params ?? {}), ...listed("query", own.query ?? {})];
  const content =
    own.reply === undefined
      ? undefined
      : { [mediaTypeOf(route)]: { schema: schemas.own(own.reply), example: examples.own(own.reply) } };
  const bytes = route.stream === "bytes" ? { "application/octet-stream": {} } : undefined;
  const answer = content ?? bytes;
  return {
    summary: route.summary ?? route.name,
    ...(parameters.length > 0 && { parameters }),
    ...(own.body !== undefined && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemas.own(own.body), example: examples.own(own.body) } },
      },
    }),
    responses: {
      ...(answer === undefined
        ? { "204": { description: "Success, without a body." } }
        : { "200": { description: "The response.", content: answer } }),
      ...problems,
    },
  };
}

const problem = { $ref: "#/components/responses/Problem" };
/** Tools look for the errors of a caller under their own range. */
const problems = { "4XX": problem, default: problem };

const mediaTypeOf = ({ stream }: Route): string =>
  stream === "events" ? "text/event-stream" : "application/json";

/** Routes are grouped by their objects. */
function tagOf({ path }: Route): string {
  const [, , first = "", second = ""] = path.replace(/\.json$/, "").split("/");
  if (first === "watch") return second;
  return second === "" || second.startsWith("{") || first !== "runs" ? first : "runs";
}

function tagsOf(): readonly { readonly name: string; readonly description: string }[] {
  const byTag = Map.groupBy<string, Route>(routes, tagOf);
  return [...byTag].map(([name, own]) => ({ name, description: tagDescription(own) }));
}

/** Describes the paths of a group, and the services behind them. */
function tagDescription(own: readonly Route[]): string {
  const places = new Set(own.map(({ path }) => /^\/v1\/(watch\/)?[^/]+/.exec(path)?.[0] ?? path));
  const services = new Set(own.map(({ rpc }) => rpc?.split("/", 1)[0] ?? "the gateway"));
  const listed = (all: ReadonlySet<string>) =>
    [...all].map((entry) => (entry.includes(" ") ? entry : `\`${entry}\``)).join(", ");
  return `Routes under ${listed(places)}. Served by ${listed(services)}.`;
}

function firstSentence(text: string): string {
  return /^.+?[.](?=\s|$)/s.exec(text)?.[0].replaceAll("\n", " ") ?? text;
}

const keyParameter = {
  name: "Idempotency-Key",
  in: "header",
  description: "Makes a retry safe: the same key with the same request takes effect once.",
  schema: { type: "string", maxLength: 200 },
};

const timeoutParameter = {
  name: "Request-Timeout",
  in: "header",
  description:
    "The timeout of the call, in seconds. `requestTimeoutMs` in the query sets it in milliseconds.",
  schema: { type: "number", exclusiveMinimum: 0, maximum: 3600 },
};

const problemSchema = {
  type: "object",
  description: "A problem as in RFC 9457. The error reference lists the codes.",
  properties: {
    type: { type: "string", description: "`urn:tutti:error:` and the code." },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "The expected value, the found value and the next step." },
    code: { type: "string", description: "Stable error code: `workflow.run_unknown`." },
    statusName: { type: "string", description: "The name of the gRPC status." },
    retry: { type: "string", enum: ["never", "same-key", "elsewhere"] },
    retryAfterMs: { type: "number" },
    fields: {
      type: "array",
      items: {
        type: "object",
        properties: { field: { type: "string" }, message: { type: "string" } },
        required: ["field", "message"],
      },
    },
    details: { type: "object", additionalProperties: { type: "string" } },
    cause: { $ref: "#/components/schemas/ProblemDetails" },
  },
  required: ["type", "title", "status", "detail", "code"],
};
