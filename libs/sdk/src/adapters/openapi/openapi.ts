/** Imports the operations of an OpenAPI document into an adapter, and lists those that cannot be imported. */
import { isMembers, type Members, membersIn, textIn } from "../../agents/models/wire.ts";
import { type OptionNames, requireKnown, tlsNames } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import { type Adapter, rateNames } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { authNames } from "../http/auth.ts";
import { type HttpAdapterOptions, type HttpOperation, type HttpPorts, httpAdapter } from "../http/http.ts";
import type { AnswerType, BodyType, HttpBody, HttpParameter, ParameterStyle } from "../http/message.ts";
import { matchingOperations, nameIn } from "../names.ts";
import { parseDocument, resolved, Unusable } from "./document.ts";
import { Parts, Schemas } from "./schemas.ts";

export interface OpenApiOptions extends Omit<HttpAdapterOptions, "url" | "operations" | "version"> {
  /** The document: JSON or YAML as a text, or its value. */
  readonly document: string | Members;
  /** Default: the first server of the document. */
  readonly url?: string;
  /** Address of the document. Relative or missing servers are resolved against it. */
  readonly documentUrl?: string;
  /** Operations to import, by their names. `*` stands for any characters. Default: all. */
  readonly only?: readonly string[];
  /** A header of the API for idempotency keys. Default: parameters of the document with the name `Idempotency-Key`. */
  readonly idempotencyHeader?: string;
}

export interface SkippedOperation {
  /** `POST /orders`. */
  readonly operation: string;
  readonly reason: string;
}

export interface OpenApiAdapter extends Adapter {
  /** Operations that are not imported, with the reasons. */
  readonly refused: readonly SkippedOperation[];
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"] as const;

const optionNames: OptionNames<OpenApiOptions> = {
  name: true,
  url: true,
  auth: authNames,
  tls: tlsNames,
  headers: true,
  rate: rateNames,
  checkPath: true,
  answerBytesMax: true,
  pagesMax: true,
  timeoutMs: true,
  document: true,
  documentUrl: true,
  only: true,
  idempotencyHeader: true,
};

/** Makes an adapter of an OpenAPI document of version 3. */
export function openApiAdapter(options: OpenApiOptions, ports: HttpPorts = {}): OpenApiAdapter {
  requireKnown("openApiAdapter", options, optionNames);
  const { document: source, only, idempotencyHeader, documentUrl, ...rest } = options;
  const document = parseDocument(options.name, source);
  const { operations: found, refused } = importOperations(document, options);
  const [first] = refused;
  if (first !== undefined && Object.keys(found).length === 0)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: `none of its operations can be imported, \`${first.operation}\` because ${first.reason}`,
    });
  const selected = only === undefined ? found : matchingOperations(found, only);
  const own = serverIn(document, documentUrl);
  const url = options.url ?? own ?? Object.values(found).find((each) => each.url)?.url;
  if (url === undefined)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: "the document names no server with a host, set `url`",
    });
  const version = versionIn(textIn(membersIn(document, "info"), "version"));
  const http = { ...rest, url, operations: selected, ...(version !== undefined && { version }) };
  return { ...httpAdapter(http, { ...ports, kind: "openapi" }), refused };
}

interface Imported {
  readonly operations: Readonly<Record<string, HttpOperation>>;
  readonly refused: readonly SkippedOperation[];
}

/** Returns the operations of a document. */
export function importOperations(
  document: Members,
  options: Pick<OpenApiOptions, "url" | "documentUrl" | "idempotencyHeader">,
): Imported {
  const operations: Record<string, HttpOperation> = {};
  const refused: SkippedOperation[] = [];
  const schemas = new Schemas(document);
  for (const [path, entry] of Object.entries(membersIn(document, "paths"))) {
    if (path.startsWith("x-")) continue;
    const others = isMembers(entry) ? Object.keys(membersIn(entry, "additionalOperations")) : [];
    for (const method of others)
      refused.push({ operation: `${method} ${path}`, reason: `the method is \`${method}\`` });
    for (const method of methods) {
      const operation = `${method.toUpperCase()} ${path}`;
      try {
        const item = resolved(document, entry);
        if (item[method] === undefined) continue;
        const [name, operation] = imported({ document, schemas, options, path, item, method });
        operations[freeName(name, operations)] = operation;
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        refused.push({ operation, reason: error.message });
        // A reference for the whole item fails only once.
        if (!isMembers(entry) || entry["$ref"] !== undefined) break;
      }
    }
  }
  return { operations, refused };
}

interface Place {
  readonly document: Members;
  readonly schemas: Schemas;
  readonly options: Pick<OpenApiOptions, "url" | "documentUrl" | "idempotencyHeader">;
  readonly path: string;
  readonly item: Members;
  readonly method: (typeof methods)[number];
}

function imported({ document, schemas, options, path, item, method }: Place): [string, HttpOperation] {
  const operation = resolved(document, item[method]);
  const { parameters, header, properties, required, parts } = parametersOf(
    schemas,
    path,
    eachParameter(document, item, operation),
  );
  const keyHeader =
    header ?? (method === "post" || method === "patch" ? options.idempotencyHeader : undefined);
  const body =
    operation["requestBody"] === undefined ? undefined : resolved(document, operation["requestBody"]);
  const sent = body === undefined ? undefined : bodyOf(document, membersIn(body, "content"));
  const withoutBody = schemas.withDefinitions(
    { type: "object", properties: { ...properties }, required },
    parts,
  );
  if (body !== undefined && sent !== undefined) {
    properties["body"] =
      sent.body.type === "bytes" ? { type: "string" } : schemas.convert(sent.schema, parts);
    if (body["required"] === true) required.push("body");
  }
  const answer = answerOf(document, operation);
  const input =
    schemas.withDefinitions({ type: "object", properties, required }, parts) ??
    (withoutBody !== undefined ? { ...withoutBody, required } : { type: "object", required });
  const output = answer.type === "json" ? outputOf(schemas, answer.schema) : undefined;
  // A configured address applies to all operations.
  const server = options.url === undefined ? serverOf(operation, item, options.documentUrl) : undefined;
  const description = textIn(operation, "summary") || textIn(operation, "description");
  const result: HttpOperation = {
    method: method.toUpperCase() as HttpOperation["method"],
    path,
    parameters,
    input,
    ...(server !== undefined && { url: server }),
    ...(description !== "" && { description: description.replace(/\s+/g, " ").slice(0, descriptionMax) }),
    ...(sent !== undefined && { body: sent.body }),
    ...(keyHeader !== undefined && { idempotencyHeader: keyHeader }),
    ...(output !== undefined && { output }),
    answer: answer.type,
  };
  const id = textIn(operation, "operationId");
  return [nameIn(id === "" ? `${method}${path.replaceAll("/", "-")}` : id), result];
}

const descriptionMax = 200;

function outputOf(schemas: Schemas, schema: unknown): JsonSchema | undefined {
  const parts = new Parts();
  const converted = schemas.convert(schema, parts);
  return isMembers(converted) ? (schemas.withDefinitions(converted, parts) ?? true) : undefined;
}

/** Converts parameters to members of the input. */
function parametersOf(schemas: Schemas, path: string, declared: Iterable<Members>) {
  const parts = new Parts();
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  const parameters: Record<string, HttpParameter> = {};
  const inPath = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = ""]) => name));
  let header: string | undefined;
  for (const parameter of declared) {
    const name = textIn(parameter, "name");
    const place = textIn(parameter, "in");
    if (place === "header" && name.toLowerCase() === "idempotency-key") {
      header = name;
      continue;
    }
    // OpenAPI defines the values of these headers elsewhere.
    if (place === "header" && /^(accept|content-type|authorization)$/i.test(name)) continue;
    const member = properties[name] === undefined && name !== "body" ? name : `${place}-${name}`;
    parameters[member] = parameterOf(parameter, name, place);
    if (place === "path") inPath.delete(name);
    const [content] = Object.values(membersIn(parameter, "content"));
    const schema = parameter["schema"] ?? (isMembers(content) ? content["schema"] : undefined);
    properties[member] = described(schemas.convert(schema, parts), textIn(parameter, "description"));
    if (parameter["required"] === true || place === "path") required.push(member);
  }
  // Some documents do not declare the parameters of their paths.
  for (const name of inPath) {
    const member = properties[name] === undefined && name !== "body" ? name : `path-${name}`;
    parameters[member] = { in: "path", name };
    properties[member] = { type: ["string", "number"] };
    required.push(member);
  }
  return { parameters, header, properties, required, parts };
}

/** Returns the parameters of the path and of the operation. The latter take precedence. */
function eachParameter(document: Members, item: Members, operation: Members): Iterable<Members> {
  const found = new Map<string, Members>();
  for (const list of [item["parameters"], operation["parameters"]])
    for (const entry of Array.isArray(list) ? list : []) {
      const parameter = resolved(document, entry);
      found.set(`${textIn(parameter, "in")} ${textIn(parameter, "name")}`, parameter);
    }
  return found.values();
}

const places = new Set(["path", "query", "header", "cookie"]);
const styles = new Set([
  "form",
  "simple",
  "label",
  "matrix",
  "spaceDelimited",
  "pipeDelimited",
  "deepObject",
]);

function parameterOf(parameter: Members, name: string, place: string): HttpParameter {
  if (name === "" || !places.has(place)) throw new Unusable(`the parameter \`${name}\` is in \`${place}\``);
  const style = textIn(parameter, "style");
  if (style !== "" && !styles.has(style))
    throw new Unusable(`the parameter \`${name}\` has the style \`${style}\``);
  return { in: place as HttpParameter["in"], name, ...styleOf(parameter) };
}

function styleOf(parameter: Members): Pick<HttpParameter, "style" | "explode"> {
  const style = textIn(parameter, "style");
  return {
    ...(styles.has(style) && { style: style as ParameterStyle }),
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
  [/^(multipart|application)\/form-data\b/i, "multipart"],
  [/^text\/|[/+]xml\b|[/+]yaml\b|graphql|ndjson|jsonl|\/jwt\b/i, "text"],
  [
    /^(application\/octet-stream|application\/(zip|gzip|pdf|x-[\w.-]+)|image\/.*|audio\/.*|video\/.*|\*\/\*)/i,
    "bytes",
  ],
];
const mediaTypeForm = /^[\w-]+\/[\w.+-]+/;

/** Returns the first media type of the table. Another type is sent as bytes if its schema has no members. */
function bodyOf(
  document: Members,
  content: Members,
): { readonly body: HttpBody; readonly schema: unknown } | undefined {
  const offered = Object.entries(content);
  if (offered.length === 0) return undefined;
  for (const [form, type] of bodyTypes)
    for (const [mediaType, entry] of offered) {
      if (!form.test(mediaType)) continue;
      const schema = isMembers(entry) ? entry["schema"] : undefined;
      const named = mediaType.includes("*") || type === "multipart" ? {} : { mediaType };
      const encodings =
        isMembers(entry) && type === "form" ? Object.entries(membersIn(entry, "encoding")) : [];
      const written = encodings.filter(([, each]) => isMembers(each) && textIn(each, "style") !== "");
      const forms = Object.fromEntries(written.map(([name, each]) => [name, styleOf(each as Members)]));
      return { body: { type, ...named, ...(written.length > 0 && { styles: forms }) }, schema };
    }
  for (const [mediaType, entry] of offered) {
    const schema =
      isMembers(entry) && entry["schema"] !== undefined ? resolved(document, entry["schema"]) : {};
    const isPlain = schema["properties"] === undefined && /^(string)?$/.test(textIn(schema, "type"));
    if (isPlain && mediaTypeForm.test(mediaType)) return { body: { type: "bytes", mediaType }, schema };
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

function freeName(name: string, used: Readonly<Record<string, unknown>>): string {
  if (!Object.hasOwn(used, name)) return name;
  let number = 2;
  while (Object.hasOwn(used, `${name}-${number}`)) number++;
  return `${name}-${number}`;
}

/** Returns the server of an operation or of its path. Undefined if neither has servers. */
function serverOf(operation: Members, item: Members, documentUrl: string | undefined): string | undefined {
  const part = [operation, item].find(({ servers }) => Array.isArray(servers) && servers.length > 0);
  return part === undefined ? undefined : serverIn(part, documentUrl);
}

/** Returns the first server of a document, a path or an operation. Default: `/`, as in OpenAPI. */
function serverIn(part: Members, documentUrl: string | undefined): string | undefined {
  const { servers } = part;
  const [first] = Array.isArray(servers) ? servers.filter(isMembers) : [];
  const variables = first === undefined ? {} : membersIn(first, "variables");
  const url = (first === undefined ? "" : textIn(first, "url")).replace(
    /\{([^{}]+)\}/g,
    (_all, name: string) => textIn(membersIn(variables, name), "default"),
  );
  if (/^https?:\/\//.test(url)) return URL.canParse(url) ? url : undefined;
  const isRelative = documentUrl !== undefined && URL.canParse(url || "/", documentUrl);
  return isRelative ? new URL(url || "/", documentUrl).href.replace(/\/$/, "") : undefined;
}

function versionIn(text: string): string | undefined {
  return /^\d+\.\d+\.\d+$/.test(text) ? text : undefined;
}
