import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routes } from "../routes/routes.ts";
import { openApiDocument } from "./document.ts";

type Node = Readonly<Record<string, unknown>>;

const document = JSON.parse(JSON.stringify(openApiDocument({ version: "1.2.3" })));
const operations: readonly (Node & { path: string; method: string })[] = Object.entries<Node>(
  document.paths,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...(operation as Node) })),
);

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Yields every object in the document, with its path. */
function* nodesOf(value: unknown, at = "#"): Generator<readonly [string, Node]> {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* nodesOf(item, `${at}/${index}`);
  if (!isNode(value)) return;
  yield [at, value];
  for (const [key, item] of Object.entries(value)) yield* nodesOf(item, `${at}/${key}`);
}

function at(pointer: string): unknown {
  return pointer
    .slice(2)
    .split("/")
    .reduce<unknown>(
      (node, key) => (isNode(node) ? node[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      document,
    );
}

/** Keywords of schemas that this document uses. */
const keywords = new Set([
  "$ref",
  "type",
  "enum",
  "anyOf",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "description",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  ...["maxProperties", "pattern", "contentEncoding", "contentMediaType"],
]);
const types = new Set(["object", "array", "string", "number", "integer", "boolean"]);

function* schemasOf(schema: unknown, location: string): Generator<readonly [string, Node]> {
  if (!isNode(schema)) return;
  yield [location, schema];
  const { properties, items, additionalProperties, anyOf } = schema;
  if (isNode(properties))
    for (const [name, inner] of Object.entries(properties)) yield* schemasOf(inner, `${location}.${name}`);
  for (const inner of [items, additionalProperties]) yield* schemasOf(inner, location);
  if (Array.isArray(anyOf)) for (const inner of anyOf) yield* schemasOf(inner, location);
}

describe("the OpenAPI document", () => {
  it("has each route of the table once, under its name", () => {
    assert.equal(document.openapi, "3.1.0");
    assert.equal(document.info.version, "1.2.3");
    assert.deepEqual(
      operations
        .map(({ operationId, method, path }) => `${String(operationId)} ${method.toUpperCase()} ${path}`)
        .sort(),
      routes.map(({ name, method, path }) => `${name} ${method} ${path}`).sort(),
    );
  });

  it("has no dangling references", () => {
    for (const [location, node] of nodesOf(document)) {
      const { $ref } = node;
      if (typeof $ref === "string") assert.ok(at($ref) !== undefined, `${location}: ${$ref}`);
    }
  });

  it("declares the parameters of each path, and each parameter once", () => {
    for (const { path, method, parameters = [] } of operations) {
      const own = (parameters as readonly Node[]).map(
        (parameter) => (typeof parameter["$ref"] === "string" ? at(parameter["$ref"]) : parameter) as Node,
      );
      const inPath = own.filter((parameter) => parameter["in"] === "path").map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        `${method} ${path}`,
      );
      const names = own.map(({ name, in: place }) => `${String(place)} ${String(name)}`);
      assert.equal(new Set(names).size, names.length, `${method} ${path}: ${names.join(", ")}`);
      for (const parameter of own) {
        assert.ok(isNode(parameter["schema"]), `${method} ${path} ${String(parameter["name"])}`);
        if (parameter["in"] === "path") assert.equal(parameter["required"], true);
      }
    }
  });

  it("uses only keywords of JSON Schema, and requires only declared properties", () => {
    const all = [
      ...Object.entries<unknown>(document.components.schemas).flatMap(([name, schema]) => [
        ...schemasOf(schema, name),
      ]),
      ...[...nodesOf(document.paths)].flatMap(([location, node]) => [...schemasOf(node["schema"], location)]),
    ];
    for (const [location, schema] of all) {
      const strange = Object.keys(schema).filter((key) => !keywords.has(key));
      assert.deepEqual(strange, [], location);
      const { type, required = [], properties = {}, pattern, enum: values } = schema;
      if (type !== undefined) assert.ok(types.has(String(type)), `${location}: ${String(type)}`);
      for (const name of required as readonly string[])
        assert.ok(Object.hasOwn(properties as Node, name), `${location}.${name}`);
      if (typeof pattern === "string") new RegExp(pattern, "u");
      if (Array.isArray(values)) assert.equal(new Set(values).size, values.length, location);
    }
  });

  it("describes each operation with its summary, responses and errors", () => {
    for (const { path, method, summary, responses, tags } of operations) {
      const operation = `${method} ${path}`;
      assert.match(String(summary), /^[A-Z].*\.$/s, operation);
      assert.ok(Array.isArray(tags) && tags.length === 1, operation);
      const statuses = Object.keys(responses as Node);
      assert.ok(
        statuses.includes("4XX") &&
          statuses.includes("default") &&
          statuses.some((status) => /^2\d\d$/.test(status)),
        operation,
      );
    }
  });

  it("has no request body for GET and DELETE", () => {
    for (const { path, method, requestBody } of operations)
      assert.ok(requestBody === undefined || !["get", "delete"].includes(method), `${method} ${path}`);
  });
});
