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
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* nodesOf(one, `${at}/${index}`);
  if (!isNode(value)) return;
  yield [at, value];
  for (const [key, one] of Object.entries(value)) yield* nodesOf(one, `${at}/${key}`);
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

function* schemasOf(schema: unknown, where: string): Generator<readonly [string, Node]> {
  if (!isNode(schema)) return;
  yield [where, schema];
  const { properties, items, additionalProperties, anyOf } = schema;
  if (isNode(properties))
    for (const [name, one] of Object.entries(properties)) yield* schemasOf(one, `${where}.${name}`);
  for (const one of [items, additionalProperties]) yield* schemasOf(one, where);
  if (Array.isArray(anyOf)) for (const one of anyOf) yield* schemasOf(one, where);
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

  it("refers to nothing that is not in it", () => {
    for (const [where, node] of nodesOf(document)) {
      const { $ref } = node;
      if (typeof $ref === "string") assert.ok(at($ref) !== undefined, `${where}: ${$ref}`);
    }
  });

  it("declares the parameters of each path, and each parameter once", () => {
    for (const { path, method, parameters = [] } of operations) {
      const own = (parameters as readonly Node[]).map(
        (one) => (typeof one["$ref"] === "string" ? at(one["$ref"]) : one) as Node,
      );
      const inPath = own.filter((one) => one["in"] === "path").map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        `${method} ${path}`,
      );
      const names = own.map(({ name, in: place }) => `${String(place)} ${String(name)}`);
      assert.equal(new Set(names).size, names.length, `${method} ${path}: ${names.join(", ")}`);
      for (const one of own) {
        assert.ok(isNode(one["schema"]), `${method} ${path} ${String(one["name"])}`);
        if (one["in"] === "path") assert.equal(one["required"], true);
      }
    }
  });

  it("says in each schema what JSON Schema knows, and needs no more than it has", () => {
    const all = [
      ...Object.entries<unknown>(document.components.schemas).flatMap(([name, one]) => [
        ...schemasOf(one, name),
      ]),
      ...[...nodesOf(document.paths)].flatMap(([where, node]) => [...schemasOf(node["schema"], where)]),
    ];
    for (const [where, schema] of all) {
      const strange = Object.keys(schema).filter((key) => !keywords.has(key));
      assert.deepEqual(strange, [], where);
      const { type, required = [], properties = {}, pattern, enum: words } = schema;
      if (type !== undefined) assert.ok(types.has(String(type)), `${where}: ${String(type)}`);
      for (const name of required as readonly string[])
        assert.ok(Object.hasOwn(properties as Node, name), `${where}.${name}`);
      if (typeof pattern === "string") new RegExp(pattern, "u");
      if (Array.isArray(words)) assert.equal(new Set(words).size, words.length, where);
    }
  });

  it("tells of each operation what it does, what it answers, and that it may be refused", () => {
    for (const { path, method, summary, responses, tags } of operations) {
      const where = `${method} ${path}`;
      assert.match(String(summary), /^[A-Z].*\.$/s, where);
      assert.ok(Array.isArray(tags) && tags.length === 1, where);
      const statuses = Object.keys(responses as Node);
      assert.ok(
        statuses.includes("4XX") &&
          statuses.includes("default") &&
          statuses.some((status) => /^2\d\d$/.test(status)),
        where,
      );
    }
  });

  it("takes a body nowhere but where HTTP gives it a meaning", () => {
    for (const { path, method, requestBody } of operations)
      assert.ok(requestBody === undefined || !["get", "delete"].includes(method), `${method} ${path}`);
  });
});
