import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as agent from "@tutti/contracts/agent/v1";
import * as governance from "@tutti/contracts/governance/v1";
import * as insight from "@tutti/contracts/insight/v1";
import * as intelligence from "@tutti/contracts/intelligence/v1";
import * as registry from "@tutti/contracts/registry/v1";
import type { RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";
import * as runtime from "@tutti/contracts/runtime/v1";
import * as session from "@tutti/contracts/session/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import fc from "fast-check";
import { schema } from "../generated/schema.ts";
import { type RouteName, routeNamed, routes } from "../routes/routes.ts";
import { parseExactly } from "./exact.ts";
import { Mapping } from "./mapping.ts";
import { anyMessage } from "./messages.fixture.ts";

const mapping = new Mapping(schema);
const seed = 20_270_131;

const services = [
  agent,
  governance,
  insight,
  intelligence,
  registry,
  runtime,
  session,
  swarm,
  workflow,
].flatMap((area): ServiceDescription[] =>
  Object.values(area).filter(
    (value): value is ServiceDescription => typeof value === "object" && "methods" in value,
  ),
);

function rpcNamed(name: string): RpcDescription<unknown, unknown> {
  const [service, method] = name.split("/");
  const found = Object.values(services.find((candidate) => candidate.name === service)?.methods ?? {}).find(
    (candidate) => candidate.name === method,
  );
  assert.ok(found, name);
  return found;
}

function planNamed(name: RouteName) {
  const { rpc, ...route } = routeNamed(name);
  assert.ok(rpc !== undefined);
  return mapping.planOf({ ...route, rpc });
}

interface RequestInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly key?: string;
}

function requestOf(name: RouteName, { params = {}, query = "", body, key = "" }: RequestInput) {
  const parts = { params, query: new URLSearchParams(query), body, idempotencyKey: key };
  return mapping.request(planNamed(name), parts);
}

/** Returns the problems of a request, by field. */
function wrongIn(name: RouteName, input: RequestInput): Record<string, string> {
  try {
    requestOf(name, input);
  } catch (error) {
    const { violations } = error as { violations: { field: string; message: string }[] };
    return Object.fromEntries(violations.map(({ field, message }) => [field, message]));
  }
  return {};
}

describe("the mapping between messages and JSON", () => {
  for (const type of Object.keys(schema.messages).sort()) {
    it(`converts ${type} to JSON and back without changes`, () => {
      fc.assert(
        fc.property(anyMessage(schema, type), (message) => {
          const written = JSON.stringify(mapping.message(type, message));
          const read = mapping.read(type, withPage(type, parseExactly(written)));
          assert.deepEqual(plain(read), plain({ ...message, ...pageIn(type, message) }));
        }),
        { seed, numRuns: 15 },
      );
    });
  }

  it("creates requests that the codecs of the contracts accept unchanged", () => {
    for (const { rpc } of routes) {
      if (rpc === undefined) continue;
      const { request } = rpcNamed(rpc);
      const { request: type } = schema.rpcs[rpc] ?? { request: "" };
      fc.assert(
        fc.property(anyMessage(schema, type), (message) => {
          const read = mapping.read(type, parseExactly(JSON.stringify(mapping.message(type, message))));
          assert.deepEqual(plain(request.decode(request.encode(read))), plain(read));
        }),
        { seed, numRuns: 10 },
      );
    }
  });

  it("keeps every digit of numbers in users' data", () => {
    const text =
      '{"order":12345678901234567890,"price":0.12345678901234567891,"huge":1e400,"plain":12.50,"whole":7}';
    const request = requestOf("runs.signal", {
      params: { id: "run-1", name: "paid" },
      body: parseExactly(text),
    });
    const written = mapping.message("tutti.workflow.v1.SignalRunRequest", request);
    assert.equal(
      JSON.stringify(written["payload"]),
      '{"order":12345678901234567890,"price":0.12345678901234567891,"huge":1e400,"plain":12.5,"whole":7}',
    );
  });
});

describe("requests", () => {
  it("read the specification of a run from the top level of the body", () => {
    const body = {
      runId: "order-7",
      definition: "order@stable",
      input: { amount: 3 },
      labels: { team: "core" },
      dueTimeMs: 1_800_000_000_000,
      startTimeMs: "2027-01-31T08:00:00Z",
    };
    const request = requestOf("runs.start", { body, key: "k-1", query: "namespace=shop" });
    const spec = request["spec"] as workflow.RunSpec;
    assert.equal(request["namespace"], "shop");
    assert.equal(request["runId"], "order-7");
    assert.equal(request["idempotencyKey"], "k-1");
    assert.deepEqual(request["startTime"], { seconds: 1_801_382_400, nanos: 0 });
    assert.deepEqual(spec.what, {
      $case: "definition",
      value: { name: "order", version: { $case: "label", value: "stable" } },
    });
    assert.deepEqual(spec.labels, { team: "core" });
    assert.deepEqual(spec.dueTime, { seconds: 1_800_000_000, nanos: 0 });
    assert.equal(spec.input?.body?.$case, "inline");
  });

  it("read filters, pages and labels from the query", () => {
    const query =
      "status=failed&status=timed_out,WORK_STATUS_RUNNING&definition=order,refund&label=team=core&label=!test&label=region" +
      "&createdFromMs=1000&needsPerson=true&size=20&token=next";
    assert.deepEqual(Object.keys(wrongIn("runs.list", { query })), ["status[1]"]);
    const request = requestOf("runs.list", { query: query.replace("timed_out,", "") });
    const filter = request["filter"] as workflow.RunFilter;
    assert.deepEqual(filter.statuses, [6, 2]);
    assert.deepEqual(filter.definitions, ["order", "refund"]);
    assert.deepEqual(filter.labels, { equals: { team: "core" }, exists: ["region"], absent: ["test"] });
    assert.deepEqual(filter.created, { from: { seconds: 1, nanos: 0 }, to: undefined });
    assert.equal(filter.needsPerson, true);
    assert.deepEqual(request["page"], { size: 20, token: "next" });
  });

  it("update only the fields of a schedule that the body contains", () => {
    const body = { description: "nightly", labels: {}, revision: "4" };
    const request = requestOf("schedules.update", { params: { id: "nightly" }, body, query: "reason=tidy" });
    const schedule = request["schedule"] as workflow.Schedule;
    assert.equal(schedule.scheduleId, "nightly");
    assert.equal(schedule.description, "nightly");
    assert.equal(request["reason"], "tidy");
    assert.deepEqual(request["update"], { fields: ["description", "labels"], revision: "4" });
  });

  it("use any body of a signal as its value, including null and lists", () => {
    const params = { id: "run-1", name: "paid" };
    const payloadText = (body: unknown) => {
      const { payload } = requestOf("runs.signal", { params, body }) as unknown as workflow.SignalRunRequest;
      return payload?.body?.$case === "inline" ? new TextDecoder().decode(payload.body.value) : undefined;
    };
    assert.equal(payloadText(null), "null");
    assert.equal(payloadText([1, "a"]), '[1,"a"]');
    assert.equal(payloadText(undefined), undefined);
  });

  it("report twenty mistakes, and read no further", () => {
    const unknown = Array.from({ length: 20 }, (_, number) => [`unknown${number}`, 0]);
    // Reading a label throws, after the reported problems.
    const labels = new Proxy({}, { ownKeys: () => assert.fail("expected nothing to be read any more") });
    const body = { ...Object.fromEntries(unknown), labels };
    assert.equal(Object.keys(wrongIn("runs.start", { body })).length, 20);
  });

  it("are refused with all of their errors, by the names in the request", () => {
    assert.deepEqual(
      wrongIn("runs.start", {
        query: "namspace=x",
        body: {
          definition: 7,
          lables: {},
          priority: 1.5,
          timeoutMs: "1h",
          events: "loud",
          dueTimeMs: "soon",
        },
      }),
      {
        definition: "expected an object, got 7",
        lables: "unknown field. Did you mean `labels`?",
        priority: "expected a whole number from -100 to 100, got 1.5",
        timeoutMs: 'expected a number, got "1h"',
        events: 'expected one of run, tasks, none, got "loud"',
        dueTimeMs: 'expected milliseconds since 1970, or a time such as 2027-01-31T08:00:00Z, got "soon"',
        namspace: "unknown parameter. Did you mean `namespace`?",
      },
    );
    assert.deepEqual(wrongIn("runs.get", { params: { id: "a" }, query: "atEvent=1&atEvent=2" }), {
      atEvent: "expected one value, got 2",
    });
    assert.deepEqual(wrongIn("runs.start", { body: [1] }), {
      "": "expected an object as body, got a list",
    });
    assert.deepEqual(wrongIn("runs.start", { body: { definition: "a", tasks: {} } }), {
      tasks: "expected only one of it and definition, got both",
    });
    assert.deepEqual(wrongIn("runs.get", { params: { id: "a" }, body: { x: 1 } }), {
      "": "expected no body, got an object",
    });
  });

  it("call fields that a service refuses by the names of the request", () => {
    const named = (name: RouteName, field: string) => mapping.nameOf(planNamed(name), field);
    assert.equal(named("runs.start", "spec.timeout_ms"), "timeoutMs");
    assert.equal(named("runs.start", 'spec.labels["a b"]'), 'labels["a b"]');
    assert.equal(named("runs.start", "spec.definition.name"), "definition.name");
    assert.equal(named("runs.start", "spec.input.inline"), "input");
    assert.equal(named("runs.start", "spec.input.name"), "input.name");
    assert.equal(named("runs.list", "filter.created.from"), "createdFromMs");
    assert.equal(named("runs.list", "page.token"), "token");
    assert.equal(named("runs.get", "run_id"), "id");
    assert.equal(
      named("schedules.create", "schedule.timing.rules[0].interval.every_ms"),
      "timing.rules[0].interval.everyMs",
    );
    assert.equal(named("workflows.register", "order.yaml:3:7"), "order.yaml:3:7");
    // A oneof of the contract has no name in JSON.
    assert.equal(named("runs.start", "spec.what"), "");
    assert.equal(named("schedules.create", "schedule.timing.rules[0].rule"), "timing.rules[0]");
  });
});

/** Returns data of users by content, numbers without a sign of zero. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { body, mediaType } = value as { body?: { $case: string; value: Uint8Array }; mediaType?: string };
  if (body?.$case === "inline" && mediaType === "")
    return JSON.stringify(JSON.parse(new TextDecoder().decode(body.value)));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Adjusts the page token, which is next to the list in JSON, and in a message of its own in the contract. */
function withPage(type: string, json: unknown): unknown {
  if (!hasPage(type)) return json;
  const { nextToken, total, ...rest } = json as Record<string, unknown>;
  return { ...rest, page: { nextToken, total } };
}

function pageIn(type: string, { page }: Record<string, unknown>): Record<string, unknown> {
  return hasPage(type) ? { page: page ?? { nextToken: "", total: undefined } } : {};
}

function hasPage(type: string): boolean {
  return schema.messages[type]?.fields.some(({ of }) => of === "tutti.types.v1.PageReply") ?? false;
}
