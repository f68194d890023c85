/** Every operation of an OpenAPI document as an operation of an adapter. What cannot be imported is listed. */
import { isMembers, type Members, membersIn, textIn } from "../../agents/models/wire.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import type { Adapter } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { type HttpAdapterOptions, type HttpOperation, type HttpPorts, httpAdapter } from "../http/http.ts";
import type { AnswerType, BodyType, HttpBody, HttpParameter, ParameterStyle } from "../http/message.ts";
import { chosen, nameIn } from "../names.ts";
import { parseDocument, resolved, Unusable } from "./document.ts";
import { Schemas } from "./schemas.ts";

export interface OpenApiOptions extends Omit<HttpAdapterOptions, "url" | "operations" | "version"> {
  /** The document: JSON or YAML as a text, or its value. */
  readonly document: string | Members;
  /** Default: the first server of the document. */
  readonly url?: string;
  /** Operations to import, by their names. `*` stands for any characters. Default: all. */
  readonly only?: readonly string[];
  /** A header of the API for idempotency keys. Default: parameters of the document with the name `Idempotency-Key`. */
  readonly idempotencyHeader?: string;
}

export interface Refused {
  /** `POST /orders`. */
  readonly operation: string;
  readonly reason: string;
}

export interface OpenApiAdapter extends Adapter {
  /** Operations that are not imported, with the reasons. */
  readonly refused: readonly Refused[];
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

/** Makes an adapter of an OpenAPI document of version 3. */
export function openApiAdapter(options: OpenApiOptions, ports: HttpPorts = {}): OpenApiAdapter {
  const { document: given, only, idempotencyHeader, ...rest } = options;
  const document = parseDocument(options.name, given);
  const { operations, refused } = importOperations(document, idempotencyHeader);
  const wanted = only === undefined ? operations : chosen(operations, only);
  const url = options.url ?? serverOf(options.name, document);
  const version = versionIn(textIn(membersIn(document, "info"), "version"));
  const http = { ...rest, url, operations: wanted, ...(version !== undefined && { version }) };
  return { ...httpAdapter(http, { ...ports, kind: "openapi" }), refused };
}

interface Imported {
  readonly operations: Readonly<Record<string, HttpOperation>>;
  readonly refused: readonly Refused[];
}

/** The operations of a document. */
function importOperations(document: Members, idempotencyHeader?: string): Imported {
  const operations: Record<string, HttpOperation> = {};
  const refused: Refused[] = [];
  for (const [path, given] of Object.entries(membersIn(document, "paths"))) {
    if (path.startsWith("x-")) continue;
    for (const method of methods) {
      const operation = `${method.toUpperCase()} ${path}`;
      try {
        const item = resolved(document, given);
        if (item[method] === undefined) continue;
        const [name, made] = imported(document, path, item, method, idempotencyHeader);
        operations[freeName(name, operations)] = made;
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        refused.push({ operation, reason: error.message });
        // A reference of the whole item fails once.
        if (!isMembers(given) || given["$ref"] !== undefined) break;
      }
    }
  }
  return { operations, refused };
}

function imported(
  document: Members,
  path: string,
  item: Members,
  method: (typeof methods)[number],
  idempotencyHeader: string | undefined,
): [string, HttpOperation] {
  const operation = resolved(document, item[method]);
  const schemas = new Schemas(document);
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  const parameters: Record<string, HttpParameter> = {};
  let keyHeader = method === "post" || method === "patch" ? idempotencyHeader : undefined;
  for (const parameter of parametersOf(document, item, operation)) {
    const name = textIn(parameter, "name");
    const place = textIn(parameter, "in");
    if (place === "header" && name.toLowerCase() === "idempotency-key") {
      keyHeader = name;
      continue;
    }
    // OpenAPI gives these headers their values elsewhere.
    if (place === "header" && /^(accept|content-type|authorization)$/i.test(name)) continue;
    const member = properties[name] === undefined && name !== "body" ? name : `${place}-${name}`;
    parameters[member] = parameterOf(parameter, name, place);
    const [content] = Object.values(membersIn(parameter, "content"));
    const schema = parameter["schema"] ?? (isMembers(content) ? content["schema"] : undefined);
    properties[member] = described(schemas.convert(schema), textIn(parameter, "description"));
    if (parameter["required"] === true || place === "path") required.push(member);
  }
  const body =
    operation["requestBody"] === undefined ? undefined : resolved(document, operation["requestBody"]);
  const sent = body === undefined ? undefined : bodyOf(membersIn(body, "content"));
  if (body !== undefined && sent !== undefined) {
    properties["body"] = sent.body.type === "bytes" ? { type: "string" } : schemas.convert(sent.schema);
    if (body["required"] === true) required.push("body");
  }
  const answer = answerOf(document, operation);
  // First all schemas, then what they refer to.
  const output = answer.type === "json" ? schemas.convert(answer.schema) : undefined;
  const definitions = schemas.isLarge ? {} : schemas.definitions;
  const withDefinitions = (schema: Members) => standing(schema, definitions, required);
  const input = schemas.isLarge ? { type: "object", required } : { type: "object", properties, required };
  const description = textIn(operation, "summary") || textIn(operation, "description");
  const made: HttpOperation = {
    ...{
      method: method.toUpperCase() as HttpOperation["method"],
      path,
      parameters,
      input: withDefinitions(input),
    },
    ...(description !== "" && { description: description.replace(/\s+/g, " ").slice(0, descriptionMax) }),
    ...(sent !== undefined && { body: sent.body }),
    ...(keyHeader !== undefined && { idempotencyHeader: keyHeader }),
    ...(isMembers(output) && !schemas.isLarge && { output: withDefinitions(output) }),
    answer: answer.type,
  };
  const id = textIn(operation, "operationId");
  return [nameIn(id === "" ? `${method}${path.replaceAll("/", "-")}` : id), made];
}

const descriptionMax = 200;
/** A worker offers the schemas of all its capabilities when it is linked. */
const schemaLengthMax = 32_768;

/** A schema with the definitions it refers to. Of one that is too large, the names of required members remain. */
function standing(schema: Members, definitions: Members, required: readonly string[]): JsonSchema {
  const isAlone = !JSON.stringify(schema).includes('"$ref"');
  const whole = isAlone ? schema : { ...schema, $defs: definitions };
  if (JSON.stringify(whole).length <= schemaLengthMax) return whole;
  return schema["properties"] === undefined ? true : { type: "object", required };
}

/** Those of the path, and those of the operation, which replace them. */
function parametersOf(document: Members, item: Members, operation: Members): Iterable<Members> {
  const found = new Map<string, Members>();
  for (const list of [item["parameters"], operation["parameters"]])
    for (const given of Array.isArray(list) ? list : []) {
      const parameter = resolved(document, given);
      found.set(`${textIn(parameter, "in")} ${textIn(parameter, "name")}`, parameter);
    }
  return found.values();
}

const places = new Set(["path", "query", "header", "cookie"]);
const styles = new Set(["form", "simple", "spaceDelimited", "pipeDelimited", "deepObject"]);

function parameterOf(parameter: Members, name: string, place: string): HttpParameter {
  if (name === "" || !places.has(place)) throw new Unusable(`the parameter \`${name}\` is in \`${place}\``);
  const style = textIn(parameter, "style");
  if (style !== "" && !styles.has(style))
    throw new Unusable(`the parameter \`${name}\` has the style \`${style}\``);
  return {
    ...{ in: place as HttpParameter["in"], name },
    ...(style !== "" && { style: style as ParameterStyle }),
    ...(typeof parameter["explode"] === "boolean" && { explode: parameter["explode"] }),
  };
}

function described(schema: unknown, description: string): unknown {
  if (description === "" || !isMembers(schema) || schema["$ref"] !== undefined) return schema;
  return { description: description.slice(0, descriptionMax), ...schema };
}

const bodyTypes: readonly (readonly [RegExp, BodyType])[] = [
  [/^application\/(?:[\w.-]+\+)?json\b/i, "json"],
  [/^application\/x-www-form-urlencoded\b/i, "form"],
  [/^multipart\/form-data\b/i, "multipart"],
  [/^text\/|[/+]xml\b|[/+]yaml\b|graphql|ndjson|jsonl/i, "text"],
  [
    /^(application\/octet-stream|application\/(zip|gzip|pdf|x-[\w.-]+)|image\/.*|audio\/.*|video\/.*|\*\/\*)/i,
    "bytes",
  ],
];

/** The first type that JSON can carry, in the order of the table. */
function bodyOf(content: Members): { readonly body: HttpBody; readonly schema: unknown } | undefined {
  const offered = Object.entries(content);
  if (offered.length === 0) return undefined;
  for (const [form, type] of bodyTypes)
    for (const [mediaType, given] of offered) {
      if (!form.test(mediaType)) continue;
      const schema = isMembers(given) ? given["schema"] : undefined;
      const named = mediaType.includes("*") || type === "multipart" ? {} : { mediaType };
      return { body: { type, ...named }, schema };
    }
  throw new Unusable(`the body is \`${offered.map(([mediaType]) => mediaType).join("`, `")}\``);
}

function answerOf(
  document: Members,
  operation: Members,
): { readonly type: AnswerType; readonly schema?: unknown } {
  const responses = Object.entries(membersIn(operation, "responses"));
  const good =
    responses.find(([status]) => /^2(\d\d|XX)$/i.test(status)) ??
    responses.find(([status]) => status === "default");
  if (good === undefined) return { type: "any" };
  const content = Object.entries(membersIn(resolved(document, good[1]), "content"));
  const json = content.find(([mediaType]) => bodyTypes[0]?.[0].test(mediaType));
  if (json === undefined || content.length > 1) return { type: "any" };
  return { type: "json", schema: isMembers(json[1]) ? json[1]["schema"] : undefined };
}

function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  if (!Object.hasOwn(taken, name)) return name;
  let number = 2;
  while (Object.hasOwn(taken, `${name}-${number}`)) number++;
  return `${name}-${number}`;
}

function serverOf(adapter: string, document: Members): string {
  const { servers } = document;
  const [first] = Array.isArray(servers) ? servers.filter(isMembers) : [];
  const variables = first === undefined ? {} : membersIn(first, "variables");
  const url = (first === undefined ? "" : textIn(first, "url")).replace(
    /\{([^{}]+)\}/g,
    (_all, name: string) => textIn(membersIn(variables, name), "default"),
  );
  if (!/^https?:\/\//.test(url))
    throw adapterErrors.invalid({ adapter, problem: "the document names no server, set `url`" });
  return url;
}

function versionIn(text: string): string | undefined {
  return /^\d+\.\d+\.\d+$/.test(text) ? text : undefined;
}
