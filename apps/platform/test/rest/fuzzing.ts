/** Random requests from the API description. Most are nearly valid, because those reach the most code. */
import assert from "node:assert/strict";
import { seededChance } from "@tutti/kernel/testing";
import type { Front, Reply } from "./front.ts";
import { type Described, type Document, operationsOf, resolved, type Schema, unlike } from "./open-api.ts";

const workflows = {
  order:
    'workflow: order\ntasks: {go: {wait: {signal: go}}, ask: {approve: {title: "yes?"}}}\noutput: "${{ 1 }}"\n',
  quick: 'workflow: quick\ntasks: {sum: {set: "${{ 1 + 1 }}"}}\noutput: "${{ tasks.sum.output }}"\n',
};

/** Creates resources that random requests name now and then. */
export async function settle(front: Front): Promise<void> {
  for (const text of Object.values(workflows)) await front.post("/v1/workflows", { text });
  for (const runId of ["run-1", "run-2"]) await front.post("/v1/runs", { runId, definition: "order" });
  await front.post("/v1/runs", { runId: "run-3", definition: "quick" });
  const timing = { rules: [{ cron: "0 8 * * *" }] };
  await front.post("/v1/schedules", { scheduleId: "nightly", timing, run: { definition: "quick" } });
  await front.request("/v1/limits/printer", { method: "PUT", body: { key: "printer", maxConcurrent: 2 } });
  for (const missionId of ["run-1", "run-2"])
    await front.post("/v1/missions", {
      missionId,
      spec: { tasks: [{ id: "ask", capability: "pay.charge" }] },
    });
  const offering = { capabilities: [{ name: "pay.charge", version: "1.0.0" }], slots: 1 };
  await front.post("/v1/tasks/claim", { agentId: "agent-1", offering });
  for (const sessionId of ["run-1", "run-2"])
    await front.post("/v1/sessions", {
      ...{ sessionId, mode: "workflow", tasks: { tasks: [{ id: "ask", capability: "pay.charge" }] } },
    });
  await front.post("/v1/locks/printer/acquire", { holder: "agent-1", leaseMs: 3_600_000 });
}

const known = [
  "run-1",
  "run-2",
  "run-3",
  "order",
  "quick",
  "nightly",
  "printer",
  "agent-1",
  "default",
  "go",
  "ask",
  "sum",
];

const hostile: readonly unknown[] = [
  null,
  "",
  0,
  -1,
  1.5,
  1e308,
  true,
  [],
  {},
  "0",
  " ",
  "null",
  "a".repeat(5_000),
  "\u0000",
  "\ud800",
  "👩‍👩‍👧",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "%00",
  "'; drop table runs; --",
  "${{ 1 }}",
  "__proto__",
  Number.MAX_SAFE_INTEGER,
  -(2 ** 31),
  2 ** 32,
  { __proto__: null, constructor: 1 },
  [[[[[[1]]]]]],
  { $bytes: 7 },
  { $blob: {} },
  { $json: 1, x: 2 },
  "2027-01-31T08:00:00Z",
  "true",
  "a,b,,c",
  "a=b=c",
  "!",
  "=",
  "@",
  "order@",
  "order@@",
];

export interface Fuzzed {
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Operations that succeeded at least once. */
  readonly answeredWell: ReadonlySet<string>;
}

export async function fuzz(
  front: Front,
  { seed, requests }: { readonly seed: number; readonly requests: number },
): Promise<Fuzzed> {
  const document: Document = (await front.get("/v1/openapi.json")).json;
  const drawing = new Drawing(document, seed);
  const operations = operationsOf(document);
  const statuses = new Map<number, number>();
  const answeredWell = new Set<string>();
  for (let number = 0; number < requests; number++) {
    const described = operations[number % operations.length];
    assert.ok(described);
    const { path, ...answered } = drawing.request(described);
    const reply = await send(front, described, path, answered);
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    judge(
      reply,
      described,
      document,
      `seed ${seed}, request ${number}: ${answered.method} ${path} ${answered.body ?? ""}`,
    );
    if (reply.status < 300) answeredWell.add(described.operation.operationId);
  }
  return { requests, statuses, answeredWell };
}

async function send(
  front: Front,
  { operation }: Described,
  path: string,
  input: {
    readonly method: string;
    readonly body: string | undefined;
    readonly headers: Record<string, string>;
  },
): Promise<Reply> {
  const isStream = Object.values(operation.responses).some(({ content }) => content?.["text/event-stream"]);
  if (!isStream) return front.request(path, input);
  const answer = await front.open(path, input);
  // The stream never ends. Only its start is checked.
  if (!/event-stream/.test(answer.headers["content-type"] ?? "")) {
    let text = "";
    for await (const chunk of answer) text += chunk;
    return { status: answer.statusCode ?? 0, headers: answer.headers, text, json: JSON.parse(text) };
  }
  answer.on("error", () => {});
  answer.destroy();
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: "", json: undefined };
}

/** Rejections with a status of a server failure: an expired wait, and operations that are declared but not served yet. */
const answersAmongFailures = /^lock\.held$|_not_served$/;

function judge(
  { status, headers, text, json }: Reply,
  { operation }: Described,
  document: Document,
  label: string,
): void {
  const isAnswer = (status >= 200 && status < 500) || answersAmongFailures.test(json?.code ?? "");
  assert.ok(isAnswer, `${label}\n${status}: ${text}`);
  assert.equal(headers["x-content-type-options"], "nosniff", label);
  // No field contains frames of a stack.
  assert.doesNotMatch(text, /\bat [\w.<>]+ \(|node:internal|\.ts:\d+:\d+/, label);
  if (status >= 400) {
    assert.match(headers["content-type"] ?? "", /^application\/problem\+json/, label);
    assert.deepEqual(unlike(json, { $ref: "#/components/schemas/ProblemDetails" }, document), [], label);
    assert.match(json.code, /^[a-z]+\.[a-z_]+$/, label);
    assert.ok(json.detail.length > 20, `${label}\n${text}`);
    return;
  }
  const content = operation.responses[String(status)]?.content;
  const schema = content?.["application/json"]?.schema;
  if (schema !== undefined)
    assert.deepEqual(unlike(json, schema, document), [], `${label}\n${text.slice(0, 2_000)}`);
}

class Drawing {
  readonly #document: Document;
  readonly #random: () => number;

  constructor(document: Document, seed: number) {
    this.#document = document;
    this.#random = seededChance(seed).random;
  }

  request({ path, method, parameters, operation }: Described) {
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let filled = path;
    for (const { name, in: place, required, schema } of parameters) {
      if (place === "path") {
        const text = this.#text(this.#value(schema, name, 0)) || "run-1";
        filled = filled.replace(
          `{${name}}`,
          encodeURIComponent(text.toWellFormed().replace(/^\.+$/, "dots")),
        );
      } else if (required || this.#chanceOneIn(5)) {
        const value = this.#value(schema, name, 0);
        if (place === "header") headers[name.toLowerCase()] = this.#headerText(name, value);
        else
          for (const item of Array.isArray(value) ? value : [value])
            query.append(name, this.#text(item).toWellFormed());
      }
    }
    if (this.#chanceOneIn(25)) query.append(this.#text(this.#pick(hostile)).toWellFormed(), "1");
    const schema = operation.requestBody?.content["application/json"]?.schema;
    const body = schema === undefined ? undefined : this.#body(schema);
    if (body !== undefined) headers["content-type"] = "application/json";
    const text = query.toString();
    return { path: text === "" ? filled : `${filled}?${text}`, method, headers, body };
  }

  #body(schema: Schema): string {
    if (this.#chanceOneIn(30)) return "{";
    if (this.#chanceOneIn(30)) return "[".repeat(1_000);
    return JSON.stringify(this.#value(schema, "", 0)) ?? "";
  }

  #headerText(name: string, value: unknown): string {
    if (name === "Request-Timeout") return this.#chanceOneIn(3) ? "soon" : "30";
    return this.#text(value).replace(/[^\x20-\x7e]/g, "-");
  }

  #value(declared: Schema, name: string, depth: number): unknown {
    // Other tests cover waiting.
    if (name === "waitMs") return 0;
    if (this.#chanceOneIn(16)) return this.#pick(hostile);
    const schema = resolved(declared, this.#document);
    if (schema.anyOf !== undefined) return this.#value(this.#pick(schema.anyOf), name, depth);
    if (schema.enum !== undefined) return this.#pick(schema.enum);
    switch (schema.type) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return depth > 4 ? [] : this.#some(() => this.#value(schema.items ?? {}, name, depth + 1));
      case "string":
        return this.#string(schema, name);
      case "boolean":
        return this.#chanceOneIn(2);
      case "integer":
      case "number":
        return this.#number(schema);
      default:
        return this.#pick<unknown>([{ a: 1 }, 7, "text", null, [1, 2], { order: { id: "run-1" } }]);
    }
  }

  #object(
    { properties = {}, required = [], additionalProperties }: Schema,
    depth: number,
  ): Record<string, unknown> {
    const selected = Object.entries(properties).filter(
      ([name]) => required.includes(name) || (depth < 4 && this.#chanceOneIn(3)),
    );
    const result = Object.fromEntries(
      selected.map(([name, property]) => [name, this.#value(property, name, depth + 1)]),
    );
    if (typeof additionalProperties === "object" && depth < 4) {
      for (const key of this.#some(() => this.#pick(["team", "a/b", "x"])))
        result[key] = this.#value(additionalProperties, key, depth + 1);
    }
    if (this.#chanceOneIn(30)) result["surprise"] = 1;
    return result;
  }

  #string({ pattern, minLength = 0, maxLength = 60, contentEncoding }: Schema, name: string): string {
    if (contentEncoding === "base64") return "aGVsbG8=";
    if (/text|source/i.test(name) && this.#chanceOneIn(2)) return this.#pick(Object.values(workflows));
    if (minLength >= 32) return "0123456789abcdef".repeat(4).slice(0, minLength);
    if (this.#chanceOneIn(2) || pattern !== undefined) return this.#pick(known);
    return "abc-123".slice(0, Math.max(minLength, Math.min(7, maxLength)));
  }

  #number({ minimum = -10, maximum = 1_000, type }: Schema): number {
    const from = Math.max(minimum, -1e6);
    const value = from + this.#random() * (Math.min(maximum, 1e6) - from);
    return this.#chanceOneIn(4) ? minimum : type === "integer" ? Math.floor(value) : value;
  }

  #some<T>(draw: () => T): T[] {
    return Array.from({ length: Math.floor(this.#random() * 3) }, draw);
  }

  #text(value: unknown): string {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  }

  #chanceOneIn(times: number): boolean {
    return this.#random() * times < 1;
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.#random() * from.length)];
    return picked as T;
  }
}
