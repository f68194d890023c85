/** Tutti within applications of Express, Fastify and Nest, on a platform with keys. */
import "reflect-metadata";
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Body, Controller, Get, HttpException, Inject, Module, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { httpAdapter, postgresOutbox } from "@tutti/sdk/adapters";
import { connect, type Tutti } from "@tutti/sdk/client";
import {
  EmbeddedTutti,
  type EmbedOptions,
  expressHealth,
  expressTutti,
  fastifyTutti,
  nestTutti,
  statusOf,
} from "@tutti/sdk/embed";
import express from "express";
import fastify from "fastify";
import { Client } from "pg";
import { startPostgres } from "../../../tools/postgres.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { KeyedPlatform, keyHeaders } from "./support/keyed-platform.ts";
import { TestProcess } from "./support/process.ts";

const postgres = await needsProgram("postgres");
const fastapi = await needsProgram("python3-fastapi");

const order = `
workflow: order
tasks: {price: {uses: shop.price, with: {article: "\${{ input.article }}"}}}
output: "\${{ tasks.price.output }}"
`;
const stocked = `
workflow: stocked
tasks: {look: {uses: stock.get-item, with: {id: "\${{ input.id }}"}}}
output: "\${{ tasks.look.output }}"
`;

interface Running {
  readonly url: string;
  close(): Promise<void>;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const codeOf = (error: unknown) => (isTuttiError(error) ? error.code : String(error));
const execute = (tutti: EmbeddedTutti, body: unknown) => tutti.client.execute("order", { input: body });

/** Frameworks, each with a route that runs a workflow for its user, and a health route. */
const frameworks: Readonly<Record<string, (tutti: EmbeddedTutti) => Promise<Running>>> = {
  async Express(tutti) {
    const app = express();
    app.use(express.json(), expressTutti(tutti));
    app.post("/orders", (request, response, next) => {
      execute(tutti, request.body).then((output) => response.json(output), next);
    });
    app.get("/healthz", expressHealth(tutti));
    app.use((error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(403).json({ code: codeOf(error) });
    });
    await tutti.start();
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const close = async () => {
      server.close();
      server.closeAllConnections();
      await tutti.stop();
    };
    return { url: urlOf(server), close };
  },

  async Fastify(tutti) {
    const app = fastify();
    app.register(fastifyTutti(tutti));
    app.post("/orders", (request) => execute(tutti, request.body));
    app.get("/healthz", (_request, reply) => {
      const health = tutti.health();
      return reply.code(statusOf(health)).send(health);
    });
    app.setErrorHandler((error, _request, reply) => reply.code(403).send({ code: codeOf(error) }));
    return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },

  async Nest(tutti) {
    // The compiled form of a controller's decorators, because Node strips types and supports no decorators.
    class Orders {
      readonly tutti: EmbeddedTutti;
      constructor(injected: EmbeddedTutti) {
        this.tutti = injected;
      }
      async place(body: unknown) {
        try {
          return await execute(this.tutti, body);
        } catch (error) {
          throw new HttpException({ code: codeOf(error) }, 403);
        }
      }
      health() {
        return this.tutti.health();
      }
    }
    const decorate = (name: keyof Orders, decorator: MethodDecorator) =>
      decorator(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name) ?? {});
    Controller()(Orders);
    Inject(EmbeddedTutti)(Orders, undefined, 0);
    decorate("place", Post("orders"));
    Body()(Orders.prototype, "place", 0);
    decorate("health", Get("healthz"));
    class Shop {}
    Module({ imports: [nestTutti(tutti)], controllers: [Orders] })(Shop);
    const app = await NestFactory.create(Shop, { logger: false });
    await app.listen(0, "127.0.0.1");
    return { url: urlOf(app.getHttpServer()), close: () => app.close() };
  },
};

describe("Tutti within an application", () => {
  let platform: KeyedPlatform;
  let admin: Tutti;
  const keys = { shop: "", eve: "", ada: "" };

  const embedded = (options: EmbedOptions = {}) =>
    new EmbeddedTutti({
      variables: { TUTTI_ADDRESS: platform.grpc, TUTTI_API_KEY: keys.shop },
      ...options,
    });
  const ordered = async (app: Running, headers: Record<string, string>) => {
    const answer = await fetch(`${app.url}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ article: "violin" }),
    });
    return (await answer.json()) as unknown;
  };

  before(async () => {
    platform = await KeyedPlatform.start();
    admin = await connect({ address: platform.grpc });
    for (const definition of [order, stocked]) await admin.workflows.register(definition);
    await platform.bind("shop", "admin", "default");
    await platform.bind("eva", "developer", "default");
    keys.shop = await platform.keyOf("shop", "default");
    keys.eve = await platform.keyOf("eva", "default");
    keys.ada = platform.keys.viewer;
    for (const key of Object.values(keys))
      await (await platform.known("/v1/runs?namespace=default", key)).body?.cancel();
  });
  after(async () => {
    await admin?.close();
    await platform?.[Symbol.asyncDispose]();
  });

  /** Asserts concurrent requests of two users, and a request without a user. */
  const assertServesItsUsers = async (app: Running) => {
    const price = { article: "violin", cents: 900 };
    const mixed = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? keys.eve : keys.ada));
    const answers = await Promise.all(mixed.map((key) => ordered(app, keyHeaders(key))));
    for (const [at, answer] of answers.entries())
      assert.deepEqual(answer, at % 2 === 0 ? price : { code: "mesh.denied" });
    assert.deepEqual(await ordered(app, {}), { code: "sdk.request_without_token" });
    const health = await fetch(`${app.url}/healthz`);
    assert.equal(health.status, 200);
    assert.deepEqual(await health.json(), { level: "healthy", parts: { worker: { level: "healthy" } } });
  };

  for (const [name, started] of Object.entries(frameworks))
    it(`${name}: calls have the rights of the request's user, and Tutti starts and stops with it`, async () => {
      const tutti = embedded();
      tutti.worker.handle("shop.price", ({ article }: { article: string }) => ({ article, cents: 900 }));
      const app = await started(tutti);
      try {
        await assertServesItsUsers(app);
      } finally {
        await app.close();
      }
      assert.equal(tutti.worker.state, "stopped");
      assert.throws(() => tutti.client, { code: "sdk.embedded_not_started" });
    });

  it("FastAPI: calls have the rights of the request's user, and Tutti starts and stops with it", {
    skip: fastapi.skip,
  }, async () => {
    await using app = new TestProcess({
      program: fastapi.path,
      arguments: [fileURLToPath(new URL("programs/fastapi_shop.py", import.meta.url))],
      environment: {
        PYTHONPATH: fileURLToPath(new URL("../../../sdk/python/src", import.meta.url)),
        ...{ TUTTI_URL: platform.http, TUTTI_ADDRESS: platform.grpc, TUTTI_API_KEY: keys.shop },
      },
    });
    const { url } = await app.line("ready");
    await assertServesItsUsers({ url: String(url), close: async () => {} });
    app.signal("SIGTERM");
    const { worker } = await app.line("stopped");
    assert.equal(worker, "stopped");
    const guide = readFileSync(new URL("../../../docs/guides/embedding.md", import.meta.url), "utf8");
    const [, source = ""] = /^```python [^\n]*\n(.*?)^```$/ms.exec(guide) ?? [];
    await using program = new TestProcess({
      ...{ program: fastapi.path, arguments: ["-c", source] },
      environment: { PYTHONPATH: fileURLToPath(new URL("../../../sdk/python/src", import.meta.url)) },
    });
    assert.equal((await program.waitForExit()).code, 0, program.output);
  });

  it("has its calls and tasks in the trace of the request, and its lines in the log of the application", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const lines: Readonly<Record<string, unknown>>[] = [];
    const { log } = fastify({
      logger: { stream: { write: (line: string) => lines.push(JSON.parse(line)) } },
    });
    const tutti = embedded({ openTelemetry: { trace, context }, logger: log });
    tutti.worker.handle("shop.price", () =>
      trace.getTracer("shop").startActiveSpan("look up", (span) => span.end()),
    );
    const app = await frameworks["Express"]?.(tutti);
    assert.ok(app);
    try {
      const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
      await ordered(app, { ...keyHeaders(keys.eve), traceparent });
      const spanOf = (name: RegExp) =>
        until("a span", () => exporter.getFinishedSpans().find((span) => name.test(span.name)));
      const [call, task, own] = [
        await spanOf(/RunService\/StartRun$/),
        await spanOf(/^task shop\.price$/),
        await spanOf(/^look up$/),
      ];
      assert.equal(call.parentSpanContext?.spanId, "00f067aa0ba902b7");
      for (const span of [call, task, own]) assert.equal(span.spanContext().traceId, traceId);
      assert.equal(own.parentSpanContext?.spanId, task.spanContext().spanId);
    } finally {
      await app.close();
      trace.disable();
      context.disable();
    }
    const line = lines.find(({ msg }) => /^draining/.test(String(msg)));
    assert.equal(line?.["reason"], "the application stops");
  });

  it("takes a service out of rotation while its check fails, with the reason, and returns it afterwards", async () => {
    let isWell = true;
    const service = createServer((request, response) => {
      const isHealth = request.url === "/healthz";
      response.writeHead(isHealth && !isWell ? 503 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(isHealth ? {} : { id: request.url?.split("/").at(-1), pieces: 3 }));
    });
    await once(service.listen(0, "127.0.0.1"), "listening");
    const tutti = embedded();
    const stock = httpAdapter({
      ...{ name: "stock", url: urlOf(service), checkPath: "/healthz" },
      operations: { "get-item": { method: "GET", path: "/items/{id}" } },
    });
    tutti.announce(stock, { checkMs: 20 });
    await tutti.start();
    const levelIs = (level: string) =>
      until(`it is ${level}`, () => (tutti.health().parts["stock"]?.level === level ? true : undefined));
    try {
      assert.deepEqual(await admin.execute("stocked", { input: { id: "v1" } }), { id: "v1", pieces: 3 });
      isWell = false;
      await levelIs("degraded");
      const run = await admin.run("stocked", { input: { id: "v2" } });
      const { waits } = await until(
        "it waits for the service",
        () => run.why("look"),
        (explanation) => /asleep/.test(explanation.waits[0]?.message ?? ""),
      );
      assert.match(waits[0]?.message ?? "", /stock\.get-item is asleep \(its check fails: .*503/);
      isWell = true;
      assert.deepEqual(await run.result(), { id: "v2", pieces: 3 });
      await levelIs("healthy");
    } finally {
      await tutti.stop();
      service.close();
      service.closeAllConnections();
    }
  });

  it("starts a run of each row of its outbox, and has the result in a transaction of the application", {
    skip: postgres.skip,
  }, async () => {
    await using database = await startPostgres(postgres.path);
    process.env["TUTTI_TEST_EMBED_DB"] = database.url;
    const client = new Client(database.url);
    await client.connect();
    await client.query(`
      CREATE TABLE orders (id bigserial PRIMARY KEY, article text, state text, cents int);
      CREATE TABLE outbox (id bigserial PRIMARY KEY, payload jsonb, started_at timestamptz, failure text, finished_at timestamptz);
    `);
    const outbox = postgresOutbox({
      ...{ name: "embedded", url: "env:TUTTI_TEST_EMBED_DB", table: "outbox", pollMs: 50 },
      start: ({ payload }) => ({ workflow: "order", input: payload }),
      result: `UPDATE orders SET state = :status, cents = (:output::jsonb->>'cents')::int
        WHERE id = (SELECT (payload->>'id')::bigint FROM outbox WHERE outbox.id = :id)`,
    });
    const tutti = embedded({ sources: [outbox] });
    tutti.worker.handle("shop.price", ({ article }: { article: string }) => ({ article, cents: 900 }));
    const warnings: string[] = [];
    const warned = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`);
    process.on("warning", warned);
    await tutti.start();
    try {
      await client.query(`
        BEGIN;
        INSERT INTO orders (article) VALUES ('violin');
        INSERT INTO outbox (payload) VALUES ('{"id": 1, "article": "violin"}');
        COMMIT;
      `);
      const row = await until(
        "the order is priced",
        async () =>
          (await client.query("SELECT state, cents FROM orders")).rows[0] as { state: string | null },
        ({ state }) => state !== null,
      );
      assert.deepEqual(row, { state: "completed", cents: 900 });
      const levelOf = () => tutti.health().parts["embedded"];
      assert.deepEqual(levelOf(), { level: "healthy" });
      await client.end();
      await database.kill();
      const broken = await until("an interruption", levelOf, (part) => part?.level === "degraded");
      assert.match(broken?.reason ?? "", /`embedded` got no answer: .*Check the address/);
      await database.up();
      await until("the source works again", levelOf, (part) => part?.level === "healthy");
      assert.deepEqual(
        warnings.filter((text) => text.startsWith("DeprecationWarning")),
        [],
      );
    } finally {
      process.off("warning", warned);
      await tutti.stop();
      await client.end().catch(() => {});
      delete process.env["TUTTI_TEST_EMBED_DB"];
    }
  });
});
