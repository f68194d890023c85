/** Delegates a task to an agent that is served by the official SDK of Agent2Agent. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { AgentCard, Task, TaskStatusUpdateEvent } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  defaultServerCallContextBuilder,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  UnauthenticatedUser,
} from "@a2a-js/sdk/server";
import { until } from "@tutti/kernel/testing";
import { testDurable, type Worker } from "@tutti/sdk";
import { type A2aAgentOptions, a2aAgent } from "@tutti/sdk/a2a";
import { testWorkflow } from "@tutti/sdk/testing";

const extension = "urn:tutti:a2a:budget:1";

/** Answers at once, asks, fails or waits, depending on the text of the first message. */
class Executor implements AgentExecutor {
  readonly started: string[] = [];
  cancelled = 0;
  /** Metadata of the first messages. */
  readonly metadata: unknown[] = [];

  execute: AgentExecutor["execute"] = async ({ taskId, contextId, userMessage, task }, bus) => {
    const { content } = userMessage.parts[0] ?? {};
    const text = content?.$case === "text" ? content.value : JSON.stringify(content?.value);
    if (task === undefined) {
      this.started.push(text);
      this.metadata.push(userMessage.metadata);
    }
    const state = (name: string) => ({ state: `TASK_STATE_${name}`, timestamp: new Date().toISOString() });
    const artifacts = [{ artifactId: "a", parts: [{ text: `done: ${text}` }] }];
    const message = { messageId: `m-${taskId}`, role: "ROLE_AGENT", parts: [{ text: "Which colour?" }] };
    const status =
      text === "ask"
        ? { ...state("INPUT_REQUIRED"), message }
        : state(text === "fail" ? "FAILED" : text === "wait" || text === "spend" ? "WORKING" : "COMPLETED");
    const ended = !["ask", "fail", "wait", "spend"].includes(text);
    const metadata = { [extension]: { used: { tokens: 70, usd: 0.5 } } };
    bus.publish(
      AgentEvent.task(
        Task.fromJSON({ id: taskId, contextId, status, metadata, ...(ended && { artifacts }) }),
      ),
    );
    if (text !== "wait" && text !== "spend") bus.finished();
  };

  cancelTask: AgentExecutor["cancelTask"] = async (taskId, bus) => {
    const status = { state: "TASK_STATE_CANCELED", timestamp: new Date().toISOString() };
    bus.publish(AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON({ taskId, contextId: "c", status })));
    bus.finished();
  };
}

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...publicKey.export({ format: "jwk" }), kid: "k" };

describe("a task that is delegated to an agent of another system", () => {
  const executor = new Executor();
  let server: Server;
  let url = "";
  let card: Record<string, unknown> = {};

  before(async () => {
    server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const plain = {
      ...{ name: "Peer", description: "Does things.", version: "1", skills: [] },
      supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
      capabilities: { streaming: true },
      ...{ defaultInputModes: ["text/plain"], defaultOutputModes: ["text/plain"] },
    };
    const { generateAgentCardSignature } = await import("@a2a-js/sdk");
    const sign = generateAgentCardSignature(privateKey, { alg: "ES256", kid: "k", typ: "JOSE" });
    card = AgentCard.toJSON(await sign(AgentCard.fromJSON(plain))) as Record<string, unknown>;
    const handler = new DefaultRequestHandler(AgentCard.fromJSON(card), new InMemoryTaskStore(), executor);
    const rpc = new JsonRpcTransportHandler(handler);
    server.on("request", async (request, response: ServerResponse) => {
      if (request.url?.endsWith("agent-card.json") === true) {
        response.end(JSON.stringify(card));
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const context = defaultServerCallContextBuilder({
        extensions: [],
        user: new UnauthenticatedUser(),
        headers: request.headers,
        requestedVersion: "1.0",
      });
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      if (body["method"] === "CancelTask") executor.cancelled += 1;
      const answer = await rpc.handle(body, context);
      if (Symbol.asyncIterator in answer) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        for await (const event of answer) response.write(`data: ${JSON.stringify(event)}\n\n`);
        response.end();
      } else response.end(JSON.stringify(answer));
    });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    executor.started.length = 0;
    executor.cancelled = 0;
    executor.metadata.length = 0;
  });

  const agent = (more: Partial<A2aAgentOptions> = {}) => testDurable(a2aAgent("peer", { url, ...more }));

  it("has the artifact of the agent as its output", async () => {
    assert.equal(await agent().execute({ input: "Ada" }), "done: Ada");
    assert.deepEqual(executor.started, ["Ada"]);
  });

  it("asks people for the agent's questions, and answers with their decision", async () => {
    const run = await agent().start({ input: "ask" });
    await until("a question", async () => run.questions[0]);
    run.approve("ask", { data: { text: "blue" } });
    assert.equal(await run.result(), "done: blue");
    assert.deepEqual(executor.started, ["ask"]);
  });

  it("is cancelled if a person rejects its question", async () => {
    const run = await agent().start({ input: "ask" });
    await until("a question", async () => run.questions[0]);
    run.reject("ask", { reason: "no" });
    assert.match((await run.failure())?.message ?? "", /no/);
    assert.equal(executor.cancelled, 1);
  });

  it("fails with the words of the agent", async () => {
    await assert.rejects(agent().execute({ input: "fail" }), /a2a\.task_failed|ended the task as failed/);
  });

  it("receives the rest of the budget, and its usage counts", async () => {
    const run = await agent({ metadata: { skillId: "greet" } }).start({
      input: "Ada",
      budget: { tokens: 100, money: 2 },
    });
    assert.equal(await run.result(), "done: Ada");
    assert.deepEqual(executor.metadata, [{ skillId: "greet", [extension]: { tokens: 100, usd: 2 } }]);
    assert.deepEqual([run.used.tokens, run.used.money], [70, 0.5]);
  });

  for (const [title, budget, expectedText] of [
    ["its tokens are", { tokens: 60 }, "70 of 60 tokens are used"],
    ["its time is", { tokens: 1_000, timeMs: 200 }, "200 ms have passed"],
  ] as const)
    it(`is cancelled when ${title} used up`, async () => {
      const run = await agent().start({ input: "spend", budget });
      const { code, message = "" } = (await run.failure()) ?? {};
      assert.equal(code, "a2a.budget_used_up");
      assert.ok(message.includes(expectedText), message);
      assert.deepEqual([executor.cancelled, run.used.tokens], [1, 70]);
    });

  it("is cancelled when the waiting task times out", async () => {
    const peer = a2aAgent("peer", { url });
    const wait = { workflow: "a2a.peer", with: "wait", timeout: { total: "1s" } };
    const test = testWorkflow({ workflow: "lead", tasks: { wait } } as never, {
      ...{ handlers: (worker: Worker) => void worker.durable(peer), children: [peer.definition] },
    });
    const run = await test.start();
    assert.match((await run.failure())?.code ?? "", /timed_out|timeout|late/);
    await test.run(run.tasks[0]?.child ?? "").failure();
    assert.equal(executor.cancelled, 1);
  });

  it("accepts a card only if a configured key has signed it", async () => {
    assert.equal(await agent({ keys: [key] }).execute({ input: "Bo" }), "done: Bo");
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
    const keys = [{ ...other, kid: "k" }];
    await assert.rejects(agent({ keys }).execute({ input: "Bo" }), /configured keys/);
    assert.deepEqual(executor.started, ["Bo"]);
  });

  it("calls no other server than that of the card", async () => {
    const was = card;
    const otherHost = [{ url: "http://127.0.0.2:9/rpc", protocolBinding: "JSONRPC", protocolVersion: "1.0" }];
    card = { ...was, signatures: [], supportedInterfaces: otherHost };
    await assert.rejects(agent().execute({ input: "Cy" }), /leads to/);
    card = was;
  });
});
