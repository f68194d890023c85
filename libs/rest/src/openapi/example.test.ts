import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { schema } from "../generated/schema.ts";
import { Mapping } from "../json/mapping.ts";
import { routes } from "../routes/routes.ts";
import { openApiDocument } from "./document.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly example?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
interface Media {
  readonly example?: unknown;
}
interface Checked {
  readonly path: string;
  check(request: unknown, found: { field: string; message: string }[]): void;
}

const document = JSON.parse(JSON.stringify(openApiDocument({ version: "1" }))) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = new Map(
  Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map((operation) => [operation.operationId, operation]),
);
const mapping = new Mapping(schema);

const operationOf = (name: string): Operation => {
  const operation = operations.get(name);
  assert.ok(operation, name);
  return operation;
};

const requestExampleOf = ({ parameters = [], requestBody }: Operation) => {
  const valuesIn = (place: string) =>
    parameters.flatMap((one) =>
      one.in === place && one.example !== undefined ? [[one.name ?? "", one.example] as const] : [],
    );
  return {
    params: Object.fromEntries(valuesIn("path")),
    query: new URLSearchParams(valuesIn("query").map(([name, value]): [string, string] => [name, value])),
    body: requestBody?.content["application/json"]?.example,
    idempotencyKey: "",
  };
};

const responseExampleOf = ({ responses }: Operation): unknown =>
  Object.values(responses["200"]?.content ?? {})[0]?.example;

/** Returns the checks of all rpcs, by path. */
async function readChecks(): Promise<ReadonlyMap<string, Checked>> {
  const areas = new Set(routes.flatMap(({ rpc }) => (rpc === undefined ? [] : [rpc.split(".")[1] ?? ""])));
  const modules = await Promise.all([...areas].map((area) => import(`@tutti/contracts/${area}/v1`)));
  const isService = (value: unknown): value is { readonly methods: Readonly<Record<string, Checked>> } =>
    typeof value === "object" && value !== null && "methods" in value;
  return new Map(
    modules
      .flatMap((module: Readonly<Record<string, unknown>>) => Object.values(module))
      .filter(isService)
      .flatMap(({ methods }) => Object.values(methods).map((rpc) => [rpc.path, rpc] as const)),
  );
}

describe("the examples of the OpenAPI document", () => {
  it("are part of every operation with a body or a response", () => {
    for (const { name, stream } of routes) {
      const operation = operationOf(name);
      const { requestBody, responses } = operation;
      if (requestBody !== undefined) assert.notEqual(requestExampleOf(operation).body, undefined, name);
      if (responses["200"] !== undefined && stream !== "bytes")
        assert.notEqual(responseExampleOf(operation), undefined, name);
    }
  });

  it("are requests that the gateway and the service accept", async () => {
    const checks = await readChecks();
    const refused: string[] = [];
    for (const { rpc, ...route } of routes) {
      if (rpc === undefined) continue;
      const plan = mapping.planOf({ ...route, rpc });
      const check = checks.get(`/${rpc}`);
      assert.ok(check, rpc);
      const found: { field: string; message: string }[] = [];
      try {
        check.check(mapping.request(plan, requestExampleOf(operationOf(route.name))), found);
      } catch (error) {
        refused.push(`${route.name}: ${(error as Error).message}`);
      }
      for (const { field, message } of found) refused.push(`${route.name}: ${field}: ${message}`);
    }
    assert.deepEqual(refused, []);
  });

  it("are responses of the contracts", () => {
    for (const { rpc, ...route } of routes) {
      if (rpc === undefined || route.reply !== undefined || route.stream === "bytes") continue;
      const { type, only } = mapping.planOf({ ...route, rpc }).reply;
      const { nextToken: _, ...reply } = responseExampleOf(operationOf(route.name)) as Record<
        string,
        unknown
      >;
      assert.doesNotThrow(() => mapping.read(only?.of ?? type, reply), route.name);
    }
  });
});
