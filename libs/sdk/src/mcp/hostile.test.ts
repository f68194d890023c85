/** MCP servers that do not keep to the protocol: over memory, in virtual time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toolsOf } from "../agents/tools.ts";
import { type CapabilityTexts, type HandleOptions, type Handler, Handlers } from "../task/handlers.ts";
import { addMcpServer, type McpQuestions } from "./index.ts";

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly cursor?: string };
}

/** Timers that run when the test says so. */
class Timers {
  readonly #due = new Map<() => void, number>();

  after(delayMs: number, run: () => void) {
    this.#due.set(run, delayMs);
    return { cancel: () => this.#due.delete(run) };
  }

  every(): never {
    throw new Error("not used");
  }

  /** Runs the timers of a delay. Default: all. */
  async fire(ofMs?: number): Promise<void> {
    for (const [run, delayMs] of [...this.#due]) {
      if (ofMs !== undefined && delayMs !== ofMs) continue;
      this.#due.delete(run);
      run();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class Scene {
  readonly handlers = new Handlers();
  readonly timers = new Timers();
  readonly requests: string[] = [];
  /** Number of changed offers. */
  offered = 0;
  readonly #calls = new Map<string, Handler>();
  tools: unknown = [{ name: "readFile", inputSchema: { type: "object" } }];
  answer: (request: Request, signal: AbortSignal) => Response | Promise<Response> = () => this.reply({});
  resume: (eventId: string) => Response = () => new Response(null, { status: 405 });

  reply(result: unknown, id = this.requests.length): Response {
    return new Response(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }

  add(options: { readonly questions?: McpQuestions } = {}) {
    const worker = {
      handle: (name: string, handler: Handler, options?: HandleOptions) => {
        this.handlers.add(name, handler, options);
        this.#calls.set(name, handler);
      },
      describe: (name: string, texts: CapabilityTexts) => {
        if (this.handlers.describe(name, texts)) this.offered++;
      },
    };
    const ports = { fetch: this.#fetch as typeof fetch, timers: this.timers as never, ...options };
    return addMcpServer(worker as never, "evil", { url: "http://evil.test/mcp" }, ports);
  }

  call(name: string): Promise<unknown> {
    const task = { signal: new AbortController().signal, progress() {} } as never;
    return Promise.resolve(this.#calls.get(`mcp.evil.${name}`)?.({}, task));
  }

  readonly #fetch = async (_url: unknown, init: RequestInit): Promise<Response> => {
    if (init.method === "GET") return this.resume(new Headers(init.headers).get("last-event-id") ?? "");
    const request: Request = JSON.parse(String(init.body));
    this.requests.push(request.method);
    const { id, method } = request;
    if (method === "initialize") return this.reply({ protocolVersion: "2025-11-25", capabilities: {} }, id);
    if (method === "tools/list") return this.reply({ tools: this.tools }, id);
    if (id === undefined || method === undefined) return new Response(null, { status: 202 });
    return this.answer(request, init.signal as AbortSignal);
  };
}

const streamOf = (events: readonly unknown[], isOpen = false, signal?: AbortSignal) => {
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => {
      for (const event of events)
        stream.enqueue(
          new TextEncoder().encode(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`),
        );
      if (!isOpen) stream.close();
      signal?.addEventListener("abort", () => stream.error(signal.reason));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};

describe("the tools of an MCP server", () => {
  it("have capabilities without capitals, and agents name them as the server does", async () => {
    const scene = new Scene();
    const long = "x".repeat(300);
    scene.tools = ["readFile", "readfile", "API-post:search", "größe", long].map((name) => ({ name }));
    const { capabilities } = await scene.add();
    assert.deepEqual(capabilities, [
      ...["mcp.evil.readfile", "mcp.evil.readfile_2", "mcp.evil.api-post_search", "mcp.evil.gr__e"],
      `mcp.evil.${long}`.slice(0, 200),
    ]);
    const offered = async () => capabilities.map((name) => ({ name, description: "", inputSchema: {} }));
    const find = { offered, workflow: async () => undefined } as never;
    const [tool, ...more] = await toolsOf(["mcp:evil/readFile"], find);
    assert.deepEqual([tool?.target, more], ["mcp.evil.readfile", []]);
    assert.equal((await toolsOf(["mcp:evil/*"], find)).length, 5);
  });

  it("are offered within the limits of capabilities, and without those that have no name", async () => {
    const scene = new Scene();
    const inputSchema = { type: "object", title: "x".repeat(300_000) };
    scene.tools = [7, null, {}, { name: 7 }, { name: "big", description: "x".repeat(9_000), inputSchema }];
    assert.deepEqual((await scene.add()).capabilities, ["mcp.evil.big"]);
    const [{ description, inputSchema: offered } = {}] = scene.handlers.capabilities;
    assert.deepEqual([description?.length, offered], [4_096, ""]);
  });

  for (const tools of [7, "no list", { 0: {} }])
    it(`are none if the list is ${JSON.stringify(tools)}`, async () => {
      const scene = new Scene();
      scene.tools = tools;
      assert.deepEqual((await scene.add()).capabilities, []);
    });

  it("are refused if there are too many", async () => {
    const scene = new Scene();
    scene.tools = Array.from({ length: 200_000 }, (_, index) => ({ name: `t${index}` }));
    await assert.rejects(scene.add(), { code: "mcp.refused", message: /more than 998 entries/ });
  });

  it("are listed once for many changes, with new ones only", async () => {
    const scene = new Scene();
    const { close } = await scene.add();
    const change = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
    scene.tools = [{ name: "readFile" }, { name: "writeFile" }];
    scene.answer = ({ id }) => streamOf([...Array(500).fill(change), { jsonrpc: "2.0", id, result: {} }]);
    await scene.call("readfile");
    const lists = () => scene.requests.filter((method) => method === "tools/list").length;
    assert.equal(lists(), 1);
    await scene.timers.fire();
    assert.equal(lists(), 2);
    assert.deepEqual(
      scene.handlers.capabilities.map(({ name }) => name),
      ["mcp.evil.readfile", "mcp.evil.writefile"],
    );
    scene.tools = Array.from({ length: 998 }, (_, index) => ({ name: `t${index}` }));
    await scene.call("readfile");
    await scene.timers.fire();
    assert.equal(scene.handlers.size, 998, "a worker offers no more than it may");
    await scene.call("readfile");
    close();
    await scene.timers.fire();
    assert.equal(lists(), 3, "a closed server is not listed");
  });
});

it("a changed description or schema of an MCP tool is offered, once per change", async () => {
  const scene = new Scene();
  await scene.add();
  const change = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
  scene.answer = ({ id }) => streamOf([change, { jsonrpc: "2.0", id, result: {} }]);
  const changed = async () => {
    await scene.call("readfile");
    await scene.timers.fire();
    const [{ description, inputSchema } = {}] = scene.handlers.capabilities;
    return [scene.offered, description, inputSchema];
  };
  const schema = '{"type":"object"}';
  assert.deepEqual(await changed(), [0, "", schema]);
  const inputSchema = { type: "object", required: ["path"] };
  scene.tools = [{ name: "readFile", description: "Reads a file.", inputSchema }];
  const described = ["Reads a file.", JSON.stringify(inputSchema)];
  assert.deepEqual(await changed(), [1, ...described]);
  assert.deepEqual(await changed(), [1, ...described]);
  scene.tools = [{ name: "readFile" }];
  assert.deepEqual(await changed(), [2, "", "{}"]);
});

describe("questions of an MCP server", () => {
  const asked = (id: number) => ({
    jsonrpc: "2.0",
    id: `q${id}`,
    method: "elicitation/create",
    params: { message: "?" },
  });
  /** Runs of questions. None is answered. */
  const runsOf = () => {
    const cancelled: string[] = [];
    const started: string[] = [];
    const run = async (_workflow: unknown, { id }: { readonly id: string }) => {
      started.push(id);
      return {
        existed: false,
        result: ({ signal }: { readonly signal: AbortSignal }) =>
          new Promise((_, reject) => {
            if (signal.aborted) reject(signal.reason);
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
        cancel: async () => void cancelled.push(id),
      };
    };
    return { started, cancelled, questions: { tutti: { run } as never } };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it("are cancelled when the server answers the call without waiting for them", async () => {
    const scene = new Scene();
    const { started, cancelled, questions } = runsOf();
    await scene.add({ questions });
    scene.answer = ({ id }) => streamOf([asked(1), asked(2), { jsonrpc: "2.0", id, result: {} }]);
    await scene.call("readfile");
    await settled();
    assert.deepEqual([started.length, cancelled], [2, started]);
  });

  it("are cancelled when the server withdraws them, and limited to 100 in a call", async () => {
    const scene = new Scene();
    const { started, cancelled, questions } = runsOf();
    await scene.add({ questions });
    const withdrawal = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "q1" } };
    const flood = Array.from({ length: 150 }, (_, index) => asked(index));
    const ending = new AbortController();
    scene.answer = () => streamOf([...flood, withdrawal], true, ending.signal);
    const call = scene.call("readfile");
    await settled();
    assert.deepEqual([started.length, cancelled], [100, [started[1]]]);
    ending.abort(new Error("the server is gone"));
    await assert.rejects(call, { code: "mcp.unreachable" });
    await settled();
    assert.equal(cancelled.length, 100);
  });
});

describe("a call of an MCP server", () => {
  for (const [title, body] of [
    ["garbage", "}{"],
    ["another answer", '{"id": 999, "result": {}}'],
    ["a list of numbers", "[1, 2]"],
    ["nothing", ""],
  ] as const)
    it(`that is answered with ${title} can be repeated`, async () => {
      const scene = new Scene();
      await scene.add();
      for (const response of [() => new Response(body), () => streamOf([body])]) {
        scene.answer = response;
        await assert.rejects(scene.call("readfile"), { code: "mcp.unreachable", retry: "same-key" });
      }
    });

  it("continues behind the last event of a stream that ends before its answer", async () => {
    const scene = new Scene();
    await scene.add();
    let call = 0;
    const primed = (id: string, data = "") =>
      new Response(`id: ${id}\nretry: 500\ndata: ${data}\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    scene.answer = ({ id = 0 }) => {
      call = id;
      return primed("event-1");
    };
    scene.resume = (eventId) =>
      eventId === "event-1"
        ? primed("event-2")
        : primed(
            "event-3",
            JSON.stringify({
              jsonrpc: "2.0",
              id: call,
              result: { content: [{ type: "text", text: eventId }] },
            }),
          );
    const result = scene.call("readfile");
    for (let resumes = 0; resumes < 2; resumes++) {
      await new Promise((resolve) => setImmediate(resolve));
      await scene.timers.fire(500);
    }
    assert.equal(await result, "event-2");
  });

  it("ends with its answer, although the server keeps the stream open", async () => {
    const scene = new Scene();
    await scene.add();
    let cancelled = false;
    scene.answer = ({ id }) => {
      const result = { content: [{ type: "text", text: "done" }] };
      const response = streamOf([{ jsonrpc: "2.0", id, result }], true);
      const reader = response.body?.getReader();
      const body = new ReadableStream<Uint8Array>({
        pull: async (stream) => {
          const { value } = (await reader?.read()) ?? {};
          if (value !== undefined) stream.enqueue(value);
        },
        cancel: () => {
          cancelled = true;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    assert.equal(await scene.call("readfile"), "done");
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(cancelled, "the connection is released");
  });

  it("is refused if its answer is larger than 16 MiB", async () => {
    const scene = new Scene();
    await scene.add();
    scene.answer = () => new Response("x".repeat(20 * 1024 * 1024));
    await assert.rejects(scene.call("readfile"), {
      code: "mcp.unreachable",
      message: /more than 16777216 bytes/,
    });
  });

  it("fails with a text that is cut", async () => {
    const scene = new Scene();
    await scene.add();
    const content = [{ type: "text", text: "x".repeat(1_000_000) }];
    scene.answer = ({ id }) => scene.reply({ isError: true, content }, id);
    await assert.rejects(scene.call("readfile"), ({ message }: Error) => message.length < 5_000);
  });
});
