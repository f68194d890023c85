import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { addMcpServer, type McpServer, type McpTools } from "@tutti/sdk/mcp";
import type { HandleOptions, Handler } from "@tutti/sdk/worker";

const program = join(import.meta.dirname, "programs", "mcp-server.mjs");

/** Collects handlers, and calls them as a worker does. */
class HandlerTable {
  readonly handlers = new Map<string, { readonly handler: Handler; readonly options: HandleOptions }>();

  handle(name: unknown, handler: unknown, options: HandleOptions = {}): this {
    this.handlers.set(String(name), { handler: handler as Handler, options });
    return this;
  }

  describe(): void {}

  async call(name: string, input: unknown = {}, signal = new AbortController().signal): Promise<unknown> {
    return this.handlers.get(name)?.handler(input, { signal, progress() {} } as never);
  }
}

const add = (table: HandlerTable, server: McpServer) => addMcpServer(table as never, "test", server);

describe("the tools of an MCP server over its pipes", () => {
  const table = new HandlerTable();
  let tools: McpTools;
  before(async () => {
    tools = await add(table, { command: [process.execPath, program] });
  });
  after(() => tools?.close());

  it("are capabilities with the schemas and descriptions of the server, of all pages", () => {
    const names = ["echo", "fail", "vanish", "slow", "ask", "flood", "look"].map(
      (name) => `mcp.test.${name}`,
    );
    assert.deepEqual(tools.capabilities, names);
    const { options } = table.handlers.get("mcp.test.echo") ?? {};
    assert.equal(options?.description, "Returns its input.");
    assert.deepEqual(options?.inputSchema, { type: "object", properties: { text: { type: "string" } } });
  });

  it("return their structured content", async () => {
    const output = (await table.call("mcp.test.echo", { text: "hello" })) as { readonly printed: string };
    assert.equal(output.printed, "hello");
  });

  it("fail for good with the text of the tool", async () => {
    await assert.rejects(table.call("mcp.test.fail"), {
      code: "mcp.tool_failed",
      retry: "never",
      message: /fail: the disk is full/,
    });
  });

  it("fail when the server vanishes, and work again for the next attempt", async () => {
    const pid = async () =>
      ((await table.call("mcp.test.echo", { text: "" })) as { readonly pid: number }).pid;
    const before = await pid();
    await assert.rejects(table.call("mcp.test.vanish"), {
      code: "mcp.unreachable",
      retry: "same-key",
      message: /exit code 3/,
    });
    assert.notEqual(await pid(), before);
  });

  it("are repeated on a new program if they have no effects and another call ended theirs", async () => {
    const { pid } = (await table.call("mcp.test.echo", { text: "" })) as { readonly pid: number };
    const ends = [assert.rejects(table.call("mcp.test.slow"), { code: "mcp.unreachable" })];
    const looks = Array.from({ length: 3 }, () => table.call("mcp.test.look"));
    ends.push(assert.rejects(table.call("mcp.test.vanish"), { code: "mcp.unreachable" }));
    const texts = new Set(await Promise.all(looks));
    await Promise.all(ends);
    assert.equal(texts.size, 1, "all on one new program");
    assert.ok(!texts.has(`look of ${pid}`));
  });

  it("end when the task ends", async () => {
    const ending = new AbortController();
    const called = table.call("mcp.test.slow", {}, ending.signal);
    setImmediate(() => ending.abort(new Error("no longer wanted")));
    await assert.rejects(called, /no longer wanted/);
  });

  it("are refused requests to their client", async () => {
    assert.equal(await table.call("mcp.test.ask"), "refused: elicitation/create is not supported");
  });

  it("receive the answer of a person that they request within a call", async () => {
    // The run of a question is tested on a full installation.
    const run = { existed: false, result: async () => ({ data: { key: "k" } }), cancel: async () => {} };
    const questions = { tutti: { run: async () => run } as never };
    const other = new HandlerTable();
    const opened = await addMcpServer(
      other as never,
      "t",
      { command: [process.execPath, program] },
      { questions },
    );
    const answer = await other.call("mcp.t.ask");
    opened.close();
    assert.deepEqual(JSON.parse(String(answer)), { action: "accept", content: { key: "k" } });
  });

  it("fail if the server sends a line without an end, and a server that does not exit is killed", async () => {
    const other = new HandlerTable();
    const timers = {
      after: (ms: number, run: () => void) => {
        const timer = setTimeout(run, ms / 20);
        return { cancel: () => clearTimeout(timer) };
      },
    };
    const stubborn = { command: [process.execPath, program, "stubborn"] };
    const opened = await addMcpServer(other as never, "t", stubborn, { timers: timers as never });
    const { pid } = (await other.call("mcp.t.echo", { text: "" })) as { readonly pid: number };
    await assert.rejects(other.call("mcp.t.flood"), {
      code: "mcp.unreachable",
      message: /16777216 characters/,
    });
    await until("the program to be killed", async () => {
      try {
        process.kill(pid, 0);
        return undefined;
      } catch {
        return true;
      }
    });
    opened.close();
  });

  for (const mode of ["stateless", "strict"])
    it(`are called on a server that is ${mode}`, async () => {
      const other = new HandlerTable();
      const opened = await add(other, { command: [process.execPath, program, mode] });
      const { printed } = (await other.call("mcp.test.echo", { text: mode })) as { readonly printed: string };
      assert.equal(printed, mode);
      // A new program speaks the version of the one before.
      await assert.rejects(other.call("mcp.test.vanish"), { code: "mcp.unreachable" });
      assert.match(String(await other.call("mcp.test.look")), /^look of/);
      opened.close();
    });

  it("are followed on a server of the stateless version, and on the program after it", async () => {
    const other = new HandlerTable();
    const opened = await add(other, { command: [process.execPath, program, "changing"] });
    await other.call("mcp.test.look");
    await until("a new tool", () => other.handlers.get("mcp.test.more-7"));
    await assert.rejects(other.call("mcp.test.vanish"), { code: "mcp.unreachable" });
    await other.call("mcp.test.look");
    await other.call("mcp.test.look");
    await until("a tool of the new program", () => other.handlers.get("mcp.test.more-8"));
    opened.close();
  });

  it("are not added of a server that does not start", async () => {
    await assert.rejects(add(new HandlerTable(), { command: ["/no/such/program"] }), {
      code: "mcp.unreachable",
      message: /ENOENT/,
    });
    await assert.rejects(
      add(new HandlerTable(), { command: [process.execPath, "-e", ""] }),
      /it ended with exit code 0/,
    );
  });
});

describe("the tools of an MCP server over HTTP", () => {
  const requests: Record<string, unknown>[] = [];
  let session = "one";
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly id?: number;
      readonly method: string;
      readonly params?: { readonly name?: string };
    };
    const { authorization, "mcp-session-id": shown, "mcp-protocol-version": version } = request.headers;
    requests.push({ method, authorization, shown, version });
    if (method !== "initialize" && shown !== session) return response.writeHead(404).end();
    const json = (result: unknown) => {
      response.writeHead(200, { "content-type": "application/json", "mcp-session-id": session });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    };
    if (id === undefined) response.writeHead(202).end();
    else if (method === "initialize") json({ protocolVersion: "2025-06-18", capabilities: {} });
    else if (method === "tools/list")
      json({ tools: [{ name: "count.all", inputSchema: { type: "object" } }] });
    else {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = (message: unknown) =>
        response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
      event({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } });
      if (params?.name === "count.all")
        event({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "7" }] } });
      response.end();
    }
    return undefined;
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("are called within a session, and within a new one after it has ended", async () => {
    const table = new HandlerTable();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    const tools = await add(table, { url, headers: { authorization: "Bearer k" } });
    assert.deepEqual(tools.capabilities, ["mcp.test.count_all"]);
    assert.equal(await table.call("mcp.test.count_all"), "7");
    assert.deepEqual(requests.at(-1), {
      ...{ method: "tools/call", authorization: "Bearer k", shown: "one", version: "2025-06-18" },
    });
    session = "two";
    assert.equal(await table.call("mcp.test.count_all"), "7");
    tools.close();
  });

  it("may ask a person, and report changes, in a stream of the server", async () => {
    let listening: ServerResponse | undefined;
    let calling: ((answer: unknown) => void) | undefined;
    let tools = ["ask"];
    const asking = createServer(async (request, response) => {
      if (request.method === "GET") {
        listening = response.writeHead(200, { "content-type": "text/event-stream" });
        return listening.flushHeaders();
      }
      const { id, method, result } = JSON.parse(await text(request));
      const json = (answer: unknown) =>
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify({ jsonrpc: "2.0", id, result: answer }));
      if (method === "initialize")
        json({ protocolVersion: "2025-11-25", capabilities: { tools: { listChanged: true } } });
      else if (method === "tools/list") json({ tools: tools.map((name) => ({ name, inputSchema: {} })) });
      else if (method === "tools/call") {
        calling = (answer) => json({ content: [{ type: "text", text: JSON.stringify(answer) }] });
        const stream = await until("the stream of the server", () => listening);
        stream.write(
          'data: {"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}}\n\n',
        );
      } else {
        if (id === "q") calling?.(result);
        response.writeHead(method === "server/discover" ? 400 : 202).end();
      }
      return undefined;
    });
    asking.listen(0, "127.0.0.1");
    await once(asking, "listening");
    const run = { existed: false, result: async () => ({ data: { key: "k" } }), cancel: async () => {} };
    const questions = { tutti: { run: async () => run } as never };
    const url = `http://127.0.0.1:${(asking.address() as AddressInfo).port}/mcp`;
    const table = new HandlerTable();
    const opened = await addMcpServer(table as never, "t", { url }, { questions });
    assert.deepEqual(JSON.parse(String(await table.call("mcp.t.ask"))), {
      action: "accept",
      content: { key: "k" },
    });
    tools = ["ask", "more"];
    listening?.write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
    await until("the new tool", () => table.handlers.get("mcp.t.more"));
    // A stream that ends is opened again.
    const before = listening;
    before?.end();
    await until("the next stream", () => (listening === before ? undefined : true));
    opened.close();
    await until("the end of the stream", () => (listening?.destroyed === true ? true : undefined));
    asking.close();
  });

  it("are not added from an unreachable address", async () => {
    await assert.rejects(add(new HandlerTable(), { url: "http://127.0.0.1:1/mcp" }), {
      code: "mcp.unreachable",
    });
  });
});
