/** The Model Context Protocol of a whole platform, over HTTP and by the CLI. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until, VirtualTime } from "@tutti/kernel/testing";
import { connect, type Handler } from "@tutti/sdk";
import { addMcpServer } from "@tutti/sdk/mcp";
import { commandProgram } from "../../../../tools/fronts.mjs";
import { KeyedPlatform, keyHeaders } from "../support/keyed-platform.ts";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";
import {
  call,
  callRpc,
  callStateless,
  type Json,
  post,
  register,
  streamStateless,
  withForms,
  withTasks,
} from "./client.ts";

const greet = `workflow: greet
description: Greets a person.
input: {schema: {type: object, required: [name], properties: {name: {type: string}}}}
steps:
  text: {wait: 1ms}
output: "\${{ 'Hello, ' + input.name }}"
`;
const held = `workflow: held
tasks:
  go: {wait: {signal: go}}
output: \${{ tasks.go.output }}
`;
const sale = `workflow: sale
tasks:
  check: {approve: {message: "Sell?"}}
`;
const refund = `workflow: refund
tasks:
  check:
    approve:
      message: "How much?"
      form: {type: object, required: [amount], properties: {amount: {type: integer}}}
output: \${{ tasks.check.output.data }}
`;

describe("MCP over HTTP", () => {
  let folder: Folder;
  let platform: Service;
  const open = () => start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`]);

  before(async () => {
    folder = await makeFolder();
    platform = await open();
    for (const text of [greet, held, sale, refund]) await register(platform.http, text);
  });
  after(async () => {
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it("lists each workflow as a tool with the schema and description of its definition", async () => {
    const tools = await until("the workflow to be listed", async () => {
      const { result } = (await callRpc(platform.http, "tools/list")) as { result: { tools: Json[] } };
      return result.tools.some(({ name }) => name === "greet") ? result.tools : undefined;
    });
    const tool = tools.find(({ name }) => name === "greet") ?? {};
    assert.equal(tool["description"], "Greets a person.");
    const { required, properties } = tool["inputSchema"] as Json;
    const expected = { required: ["name"], properties: { name: { type: "string" } } };
    assert.deepEqual({ required, properties }, expected);
    for (const name of [
      "tutti_start",
      "tutti_watch",
      "tutti_cancel",
      "tutti_why",
      "tutti_approve",
      "tutti_query",
    ])
      assert.ok(
        tools.some((tool) => tool["name"] === name),
        name,
      );
  });

  it("runs a workflow and answers with its output", async () => {
    const { content, isError } = await call(platform.http, "greet", { name: "Ada" });
    assert.deepEqual(content, [{ type: "text", text: "Hello, Ada" }]);
    assert.equal(isError, undefined);
  });

  it("answers arguments that do not match the schema with an error that a model can read", async () => {
    const { content, isError } = await call(platform.http, "greet", { name: 7 });
    assert.equal(isError, true);
    assert.match(JSON.stringify(content), /places\. arguments\.name: .*\. Code: workflow\.input_invalid\."/);
  });

  it("starts, explains, signals and watches a run with the tools for runs", async () => {
    const { http } = platform;
    await call(http, "tutti_start", { workflow: "held", runId: "steered" });
    const explanation = await call(http, "tutti_why", { runId: "steered" });
    assert.match(JSON.stringify(explanation["content"]), /go/);
    await call(http, "tutti_signal", { runId: "steered", signal: "go", payload: { at: 5 } });
    const { structuredContent: run } = await call(http, "tutti_watch", { runId: "steered" });
    assert.equal((run as Json)["status"], "completed");
    assert.deepEqual((run as { outcome: Json }).outcome["completed"], { at: 5 });
  });

  it("decides an approval", async () => {
    const { http } = platform;
    await call(http, "tutti_start", { workflow: "sale", runId: "sale-1" });
    const approvalId = await until("an approval", async () => {
      const { structuredContent } = await call(http, "tutti_approvals", { runId: "sale-1" });
      return (structuredContent as { approvals: { approvalId: string }[] }).approvals[0]?.approvalId;
    });
    await call(http, "tutti_approve", { runId: "sale-1", approvalId, verdict: "approved" });
    const { structuredContent: run } = await call(http, "tutti_watch", { runId: "sale-1" });
    assert.equal((run as Json)["status"], "completed");
  });

  it("streams progress from the events of the run, then the answer", async () => {
    const params = { name: "greet", arguments: { name: "Bo" }, _meta: { progressToken: "p1" } };
    const answer = await fetch(`${platform.http}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/call", params }),
    });
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    const data = (await answer.text()).split("\n").filter((line) => line.startsWith("data: "));
    const messages = data.map((line): Json => JSON.parse(line.slice(6)));
    const progress = messages
      .slice(0, -1)
      .map(({ params: notification }) => (notification as { progress: number }).progress);
    assert.ok(progress.length > 0);
    assert.ok(progress.every((value, at) => at === 0 || value > (progress[at - 1] ?? 0)));
    assert.equal(messages.at(-1)?.["id"], 9);
  });

  it("has a task after the platform was killed: the run is the task", async () => {
    const task = await callStateless(platform.http, "tools/call", { name: "held", arguments: {} });
    const { taskId } = task;
    assert.equal(task["resultType"], "task");
    await platform.kill();
    platform = await open();
    const { http } = platform;
    const working = await callStateless(http, "tasks/get", { taskId });
    assert.equal(working["status"], "working");
    await call(http, "tutti_signal", { runId: taskId, signal: "go", payload: "on" });
    const done = await until("the task to be completed", async () => {
      const got = await callStateless(http, "tasks/get", { taskId });
      return got["status"] === "completed" ? got : undefined;
    });
    assert.deepEqual((done["result"] as Json)["content"], [{ type: "text", text: "on" }]);
  });

  it("cancels a task", async () => {
    const { taskId } = await callStateless(platform.http, "tools/call", { name: "held", arguments: {} });
    await callStateless(platform.http, "tasks/cancel", { taskId });
    await until("the task to be cancelled", async () => {
      const { status } = await callStateless(platform.http, "tasks/get", { taskId });
      return status === "cancelled" || undefined;
    });
  });

  it("requests approvals of a task from a client with forms, and decides by its answer", async () => {
    const { http } = platform;
    const can = { ...withTasks, ...withForms };
    const { taskId } = await callStateless(http, "tools/call", { name: "refund", arguments: {} }, can);
    const waiting = await until("the task to require input", async () => {
      const got = await callStateless(http, "tasks/get", { taskId }, can);
      return got["status"] === "input_required" ? got : undefined;
    });
    const [[approvalId = "", request] = []] = Object.entries(waiting["inputRequests"] as Json);
    const { method, params } = request as { method: string; params: Json };
    assert.equal(method, "elicitation/create");
    assert.deepEqual((params["requestedSchema"] as Json)["required"], ["amount"]);
    const without = await callStateless(http, "tasks/get", { taskId });
    assert.equal(without["status"], "working", "a client without forms is asked for nothing");
    const answer = { action: "accept", content: { amount: 5 } };
    await callStateless(http, "tasks/update", { taskId, inputResponses: { [approvalId]: answer } }, can);
    const done = await until("the task to be completed", async () => {
      const got = await callStateless(http, "tasks/get", { taskId }, can);
      return got["status"] === "completed" ? got : undefined;
    });
    assert.deepEqual((done["result"] as Json)["structuredContent"], { amount: 5 });
  });

  it("requests input from a client without tasks in the result of its call, and again after a wrong answer", async () => {
    const { http } = platform;
    const callOf = (more: Json) =>
      callStateless(http, "tools/call", { name: "refund", arguments: {}, ...more }, withForms);
    const first = await callOf({});
    assert.equal(first["resultType"], "input_required");
    const { requestState } = first;
    const [approvalId = ""] = Object.keys(first["inputRequests"] as Json);
    const answerOf = (content: Json) => ({ [approvalId]: { action: "accept", content } });
    const second = await callOf({ requestState, inputResponses: answerOf({ amount: "much" }) });
    assert.equal(second["resultType"], "input_required");
    assert.match(JSON.stringify(second["inputRequests"]), /amount/);
    const done = await callOf({ requestState, inputResponses: answerOf({ amount: 7 }) });
    assert.equal(done["resultType"], "complete");
    assert.deepEqual(done["structuredContent"], { amount: 7 });
  });

  it("requests input from a client behind `tutti mcp` while its call is open", async () => {
    await using command = new TestProcess({
      program: commandProgram(),
      arguments: ["mcp"],
      environment: { TUTTI_URL: platform.http },
      input: { isOpen: true },
    });
    const send = (message: Json) => command.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    const lineWith = (label: string, is: (line: Json) => boolean) =>
      until(label, () => command.lines.find((line) => is(line)) as Json | undefined);
    const capabilities = { elicitation: { form: {} } };
    send({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities } });
    await lineWith("the handshake", ({ id }) => id === 1);
    send({ id: 2, method: "tools/call", params: { name: "refund", arguments: {} } });
    const question = await lineWith("a question", ({ method }) => method === "elicitation/create");
    send({ id: question["id"], result: { action: "accept", content: { amount: 9 } } });
    const { result } = await lineWith("the result", ({ id }) => id === 2);
    assert.deepEqual((result as Json)["structuredContent"], { amount: 9 });
  });

  it("serves the client of workers without a handshake, and asks its people", async () => {
    const tutti = await connect({ address: platform.grpc });
    const methods: string[] = [];
    const counted: typeof fetch = (url, init) => {
      methods.push(JSON.parse(String(init?.body)).method);
      return fetch(url, init);
    };
    const command = [process.execPath, commandProgram(), "mcp"];
    for (const [name, server] of [
      ["http", { url: `${platform.http}/mcp` }],
      ["pipes", { command, env: { TUTTI_URL: platform.http } }],
    ] as const) {
      const handlers = new Map<string, Handler>();
      const worker = {
        handle: (tool: string, handler: Handler) => handlers.set(tool, handler),
        describe() {},
      };
      const options = { fetch: counted, questions: { tutti } };
      const tools = await addMcpServer(worker as never, name, server, options);
      const task = { signal: new AbortController().signal, caller: "run r, task t", progress() {} } as never;
      const greeted = await handlers.get(`mcp.${name}.greet`)?.({ name: "Ada" }, task);
      assert.equal(greeted, "Hello, Ada");
      const paid = handlers.get(`mcp.${name}.refund`)?.({}, task);
      const question = await until("the question", async () => {
        for await (const { runId } of tutti.runs.list({ definition: `mcp.${name}.question` })) return runId;
        return undefined;
      });
      await until("the approval", async () => {
        const run = tutti.runs.get(question);
        return (await run.approvals()).length > 0 ? run : undefined;
      }).then((run) => run.approve("answer", { data: { amount: 5 } }));
      assert.deepEqual(await paid, { amount: 5 });
      const uri = "tutti://workflows/greet";
      const read = await handlers.get(`mcp.${name}.resources.read`)?.({ uri }, task);
      assert.match(JSON.stringify(read), /Greets a person/);
      tools.close();
    }
    await tutti.close();
    assert.deepEqual(
      methods.filter((method) => /discover|initialize|listen/.test(method)),
      ["server/discover"],
    );
  });

  it("accepts the subscription of the client of workers, and reports no changes of tools", async () => {
    const time = new VirtualTime();
    const subscriptions: (AbortSignal | null | undefined)[] = [];
    const announcing: typeof fetch = async (url, init) => {
      const { method } = JSON.parse(String(init?.body));
      const answer = await fetch(url, init);
      if (method === "subscriptions/listen") subscriptions.push(init?.signal);
      if (method !== "server/discover") return answer;
      const { result, ...message } = (await answer.json()) as Json;
      const capabilities = { tools: { listChanged: true } };
      return Response.json({ ...message, result: { ...(result as Json), capabilities } });
    };
    const worker = { handle() {}, describe() {} };
    const options = { fetch: announcing, timers: time };
    const tools = await addMcpServer(worker as never, "own", { url: `${platform.http}/mcp` }, options);
    await until("the end of the subscription", () => subscriptions[0]?.aborted || undefined);
    await time.advanceAsync(60_000);
    assert.equal(subscriptions.length, 1, "the client does not subscribe again");
    tools.close();
  });

  it("lists workflows and runs as resources, reads them, and reports changes of a run", async () => {
    const { http } = platform;
    await call(http, "tutti_start", { workflow: "held", runId: "watched" });
    const listed = await until("both to be listed", async () => {
      const { resources } = await callStateless(http, "resources/list");
      const uris = (resources as Json[]).map(({ uri }) => uri);
      return uris.includes("tutti://workflows/greet") && uris.includes("tutti://runs/watched") && uris;
    });
    assert.ok(listed);
    const read = async (uri: string): Promise<Json> => {
      const { contents } = await callStateless(http, "resources/read", { uri });
      return JSON.parse(String((contents as Json[])[0]?.["text"]));
    };
    assert.equal((await read("tutti://workflows/greet"))["description"], "Greets a person.");
    assert.equal((await read("tutti://runs/watched"))["status"], "running");
    const missing = await callRpc(http, "resources/read", { uri: "tutti://runs/none" });
    assert.equal((missing["error"] as Json)["code"], -32_002);

    const notifications = { resourceSubscriptions: ["tutti://runs/watched"] };
    const lines = streamStateless(http, "subscriptions/listen", { notifications });
    const next = async (): Promise<Json> => (await lines.next()).value ?? {};
    const agreed = await next();
    assert.equal(agreed["method"], "notifications/subscriptions/acknowledged");
    await call(http, "tutti_signal", { runId: "watched", signal: "go", payload: { at: 6 } });
    const updated = await next();
    assert.equal(updated["method"], "notifications/resources/updated");
    assert.equal((updated["params"] as Json)["uri"], "tutti://runs/watched");
    let last: Json = {};
    for await (const line of lines) last = line;
    assert.equal((last["result"] as Json)["resultType"], "complete", "the subscription ends with the run");
    assert.deepEqual((await read("tutti://runs/watched/result"))["output"], { at: 6 });
  });

  it("refuses a page of another site, and a message that is too large", async () => {
    const { http } = platform;
    const foreign = await post(http, "{}", { headers: { origin: "https://evil.example" } });
    assert.equal(foreign.status, 403);
    const large = await post(http, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "x".repeat(2_000_000) }));
    assert.equal(large.status, 413);
    const got = await fetch(`${http}/mcp`);
    assert.equal(got.status, 405);
  });

  it("speaks over standard input and output with `tutti mcp`", async () => {
    const lines = [
      { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "greet", arguments: { name: "Cy" } } },
    ];
    await using command = new TestProcess({
      program: commandProgram(),
      arguments: ["mcp"],
      environment: { TUTTI_URL: platform.http },
      input: `${[...lines.map((line) => JSON.stringify(line)), "no JSON"].join("\n")}\n`,
    });
    assert.deepEqual(await command.waitForExit(), { code: 0, signal: null });
    const replies = new Map(command.lines.map((line) => [line["id"], line]));
    assert.match(JSON.stringify(replies.get(1)), /"protocolVersion":"2025-11-25"/);
    assert.match(JSON.stringify(replies.get(2)), /Hello, Cy/);
    assert.match(JSON.stringify(replies.get(null)), /-32700/);
    assert.equal(command.output.trim().split("\n").length, 3);
  });
});

describe("MCP with keys", () => {
  let platform: KeyedPlatform;
  before(async () => {
    platform = await KeyedPlatform.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  it("gives a key the same rights as over REST, and no others", async () => {
    const { http, keys } = platform;
    const narrowed = { headers: keyHeaders(keys.narrowed) };
    const { isError: isRefused } = await call(http, "tutti_runs", {}, narrowed);
    assert.equal(isRefused, undefined, "the key is for workflow.runs.list");
    const started = await call(http, "tutti_start", { workflow: "greet" }, narrowed);
    assert.equal(started["isError"], true);
    assert.match(JSON.stringify(started["content"]), /workflow\.runs\.start/);
    const viewer = await call(http, "tutti_cancel", { runId: "any" }, { headers: keyHeaders(keys.viewer) });
    assert.equal(viewer["isError"], true);
    const otherNamespace = { headers: keyHeaders(keys.viewer), path: "/mcp?namespace=b" };
    assert.equal((await call(http, "tutti_runs", {}, otherNamespace))["isError"], true);
    const wrong = await post(http, "{}", { headers: keyHeaders("a.b.c") });
    assert.equal(wrong.status, 401);
  });
});
