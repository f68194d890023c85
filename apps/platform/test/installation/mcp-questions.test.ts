/** An MCP server with resources, whose tool asks a user during a call: over memory, in virtual time. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { addMcpServer } from "@tutti/sdk/mcp";
import type { Handler, Worker } from "@tutti/sdk/worker";
import { Installation } from "./installation.ts";

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly uri?: string; readonly capabilities?: unknown };
  readonly result?: unknown;
}

const schema = { type: "object", required: ["amount"], properties: { amount: { type: "integer" } } };

/** A server whose tool `refund` asks for an amount, and returns the answer of its client. */
class PromptingServer {
  readonly answers: unknown[] = [];
  capabilities: unknown;
  readonly #open = new Map<unknown, (answer: unknown) => void>();

  readonly fetch: typeof fetch = async (_url, init) => {
    if (init?.method === "GET") return new Response(null, { status: 405 });
    const { id, method, params, result }: Message = JSON.parse(String(init?.body));
    const json = (value: unknown) =>
      new Response(JSON.stringify({ jsonrpc: "2.0", id, result: value }), {
        headers: { "content-type": "application/json" },
      });
    if (method === "initialize") {
      this.capabilities = params?.capabilities;
      return json({ protocolVersion: "2025-11-25", capabilities: { tools: {}, resources: {} } });
    }
    if (method === "tools/list")
      return json({ tools: [{ name: "refund", inputSchema: { type: "object" } }] });
    if (method === "resources/list")
      return json({ resources: [{ uri: "shop://rules", name: "Rules", mimeType: "text/plain" }] });
    if (method === "resources/read")
      return json({
        contents: [
          { uri: params?.uri, text: "Refund at most 50." },
          { uri: "shop://logo", blob: "AA==" },
        ],
      });
    if (method === "tools/call") return this.#prompt(id, init?.signal ?? undefined);
    if (method === undefined && id !== undefined) {
      this.answers.push(result);
      this.#open.get(id)?.(result);
    }
    return new Response(null, { status: 202 });
  };

  #prompt(id: Message["id"], signal: AbortSignal | undefined): Response {
    const write = (message: unknown) =>
      `data: ${JSON.stringify({ jsonrpc: "2.0", ...(message as object) })}\n\n`;
    const body = new ReadableStream<string>({
      start: (stream) => {
        const params = { message: "How much?", requestedSchema: schema };
        stream.enqueue(write({ id: `ask-${id}`, method: "elicitation/create", params }));
        signal?.addEventListener("abort", () => stream.error(signal.reason), { once: true });
        this.#open.set(`ask-${id}`, (answer) => {
          const text = JSON.stringify(answer);
          stream.enqueue(write({ id, result: { content: [{ type: "text", text }] } }));
          stream.close();
        });
      },
    });
    return new Response(body.pipeThrough(new TextEncoderStream()), {
      headers: { "content-type": "text/event-stream" },
    });
  }
}

describe("an MCP server with questions and resources", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  let server: PromptingServer;
  const open = async (slots = 10) => {
    const opened = installation.worker({ slots });
    await addMcpServer(
      opened,
      "shop",
      { url: "http://shop.test/mcp" },
      { questions: { tutti, within: "2m" }, fetch: server.fetch, timers: installation.keptHost.timers },
    );
    await opened.start();
    return opened;
  };
  const openApproval = () =>
    until("a question", async () => {
      for await (const { runId, spec } of tutti.runs.list({ definition: "mcp.shop.question" })) {
        const run = tutti.runs.get(runId);
        const [approval] = await run.approvals();
        if (approval !== undefined) return { run, approval, input: spec?.what };
      }
      return undefined;
    });

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    server = new PromptingServer();
    worker = await open();
    await tutti.workflows.register(
      "workflow: pay\ntasks: {refund: {uses: mcp.shop.refund, retry: 1}}\noutput: ${{ tasks.refund.output }}\n",
    );
    await tutti.workflows.register(
      'workflow: read\ntasks: {rules: {uses: mcp.shop.resources.read, with: {uri: "shop://rules"}}}\noutput: ${{ tasks.rules.output }}\n',
    );
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("has its question answered by a person, with the form of the server", async () => {
    const paid = await tutti.run("pay", { id: "pay-1" });
    const { run, approval } = await openApproval();
    assert.deepEqual(server.capabilities, { elicitation: { form: {} } });
    assert.equal(approval.message, "How much?");
    assert.match(
      Buffer.from(approval.context?.body?.value as Uint8Array).toString(),
      /run pay-1, task refund/,
    );
    await assert.rejects(run.approve("answer", { data: { amount: "much" } }), /amount/);
    await run.approve("answer", { data: { amount: 5 } });
    assert.equal(await paid.result(), '{"action":"accept","content":{"amount":5}}');
  });

  it("learns that a person declined, or that the question lapsed", async () => {
    const paid = await tutti.run("pay", { id: "pay-2" });
    const { run } = await openApproval();
    await run.reject("answer");
    assert.equal(await paid.result(), '{"action":"decline"}');
    const late = await tutti.run("pay", { id: "pay-3" });
    assert.equal(await late.result(), '{"action":"cancel"}');
  });

  it("withdraws its question when the task is cancelled", async () => {
    const paid = await tutti.run("pay", { id: "pay-4" });
    const { run } = await openApproval();
    await paid.cancel();
    await assert.rejects(run.result(), { code: /cancelled/ });
  });

  it("asks again after an attempt that timed out, and asks each question once after a lost worker", async () => {
    await tutti.workflows.register(
      "workflow: timed\ntasks: {refund: {uses: mcp.shop.refund, timeout: 30s, retry: 2}}\noutput: ${{ tasks.refund.output }}\n",
    );
    const paid = await tutti.run("timed", { id: "timed-1" });
    const { run: first } = await openApproval();
    await assert.rejects(first.result(), { code: /cancelled/ });
    const { run: second } = await openApproval();
    assert.notEqual(second.id, first.id);
    await second.approve("answer", { data: { amount: 3 } });
    assert.match(String(await paid.result()), /"amount":3/);

    const handlers = new Map<string, Handler>();
    const desk = { handle: (name: string, handler: Handler) => handlers.set(name, handler) };
    const options = { questions: { tutti }, fetch: server.fetch, timers: installation.keptHost.timers };
    await addMcpServer(desk as never, "shop", { url: "http://shop.test/mcp" }, options);
    let saved: unknown;
    const attempt = (before: unknown) => {
      const progress = (reported: { readonly saved?: unknown }) => {
        saved = reported.saved;
      };
      const { signal } = new AbortController();
      const task = { caller: "run x, task y", saved: before, signal, progress };
      return handlers.get("mcp.shop.refund")?.({}, task as never);
    };
    const lost = attempt(undefined);
    const { run } = await openApproval();
    const next = attempt(saved);
    await run.approve("answer", { data: { amount: 4 } });
    const answer = '{"action":"accept","content":{"amount":4}}';
    assert.deepEqual(await Promise.all([lost, next]), [answer, answer]);
  });

  it("has its resources read by a task", async () => {
    const { contents } = (await tutti.execute("read")) as { readonly contents: readonly object[] };
    assert.deepEqual(contents, [
      { uri: "shop://rules", mediaType: "", text: "Refund at most 50." },
      { uri: "shop://logo", mediaType: "", base64: "AA==" },
    ]);
  });
});
