/** Tasks that wait in inboxes, and questions of child runs, as clients of MCP and A2A see and answer them: in virtual time. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Inbox, inboxService } from "@tutti/contracts/swarm/v1";
import { type A2aCall, A2aServer, type McpCall, McpServer, RouteCalls } from "@tutti/gateway/testing";
import type { Principal } from "@tutti/kernel";
import { testContext, until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

type Json = Readonly<Record<string, unknown>>;

const form = { type: "object", required: ["accepted"], properties: { accepted: { type: "boolean" } } };
const person = (id: string): Principal => ({ kind: "person", id, roles: ["admin"] });
const text = "Refund?: Task `check` of run `RUN`, capability `pay.review`.";

describe("a task in an inbox", () => {
  let installation: Installation;
  let tutti: Tutti;
  let mcp: McpServer;
  let a2a: A2aServer;
  const contextOf = (id: string) => ({
    ...testContext(),
    principal: person(id),
    ...{ waitUntilMs: Number.POSITIVE_INFINITY, callMs: 30_000, timeoutMs: undefined },
    ...{ stopping: new AbortController().signal, atLeast: (ms: number) => ms + 15_000 },
  });
  const ask = (id: string, method: string, params: Json, more: object = {}, call: object = {}) =>
    mcp.handleCall({
      request: {
        ...{ kind: "request", id: 1, method, params, progressToken: undefined },
        ...{ stateless: true, hasTasks: true, hasForms: true, ...more },
      },
      context: contextOf(id),
      ...{ namespace: "default", report: () => {}, sendRequest: undefined, notify: () => undefined },
      ...call,
    } as unknown as McpCall) as Promise<Json>;
  const tool = (id: string, name: string, args: Json, more: object = {}, call: object = {}) =>
    ask(id, "tools/call", { name, arguments: args }, more, call);
  const request = async (id: string, method: string, params: Json, workflow = "refund"): Promise<Json> => {
    const address = { namespace: "default", workflow };
    const call = { method, params, context: contextOf(id), address, namespace: "default", card: {} };
    const { task = {}, ...rest } = (await a2a.handleCall(call as unknown as A2aCall)) as Json;
    return { ...rest, ...(task as Json) };
  };
  const message = (parts: unknown, more: Json = {}) => ({
    message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts, ...more },
  });
  const statusOf = ({ status }: Json) => {
    const { state, message: reply } = status as { state: string; message?: { parts: Json[] } };
    return { state, parts: reply?.parts ?? [] };
  };
  const waiting = (taskId: unknown) =>
    until("the task to wait for its user", async () => {
      const task = await ask("boss", "tasks/get", { taskId });
      return task["status"] === "input_required" ? task : undefined;
    });

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    const calls = new RouteCalls(installation.host.mesh);
    const { clock } = installation.keptHost;
    mcp = new McpServer({ calls, clock, version: "1" });
    a2a = new A2aServer({ calls, clock, push: {} as never });
    const capability = { version: "1.0.0", description: "Refund?", outputSchema: JSON.stringify(form) };
    for (const [inboxId, name, people] of [
      ["finance", "pay.review", ["boss", "starter"]],
      ["legal", "contract.read", []],
    ] as const) {
      const starterMayAnswer = inboxId === "legal";
      const capabilities = [{ ...capability, name }];
      const inbox = Inbox.fromPartial({ inboxId, people: [...people], starterMayAnswer, capabilities });
      const set = { namespace: "default", inbox, revision: "", reason: "" };
      await installation.host.mesh.client(inboxService).setInbox(set);
    }
    const definition = (name: string, tasks: string) =>
      `workflow: ${name}\ntasks: {${tasks}}\noutput: \${{ tasks.check.output }}\n`;
    await tutti.workflows.register(definition("refund", "check: {uses: pay.review}"));
    await tutti.workflows.register(definition("read", "check: {uses: contract.read}"));
    await tutti.workflows.register(definition("sign", 'check: {approve: {by: [boss], title: "Sign?"}}'));
    for (const name of ["sign", "refund"])
      for (const [parent, child] of [
        [`${name}-child`, name],
        [`${name}-family`, `${name}-child`],
      ] as const)
        await tutti.workflows.register(definition(parent, `check: {workflow: ${child}}`));
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("is a question of an MCP task, and its answer completes the task", async () => {
    const { taskId } = await tool("starter", "refund", {});
    const task = await waiting(taskId);
    assert.equal(
      task["statusMessage"],
      "running, 0 of 1 tasks completed, waits in the inbox finance for boss",
    );
    const [[name = "", asked] = []] = Object.entries(task["inputRequests"] as Json);
    const { params } = asked as { params: Json };
    assert.equal(params["message"], text.replace("RUN", String(taskId)));
    assert.deepEqual((params["requestedSchema"] as Json)["required"], ["accepted"]);
    const answerOf = (content: Json) => ({ inputResponses: { [name]: { action: "accept", content } } });
    await assert.rejects(ask("boss", "tasks/update", { taskId, ...answerOf({ accepted: 7 }) }), /accepted/);
    await ask("boss", "tasks/update", { taskId, ...answerOf({ accepted: true }) });
    const done = await until("the end", async () => {
      const got = await ask("starter", "tasks/get", { taskId });
      return got["status"] === "completed" ? got : undefined;
    });
    assert.deepEqual((done["result"] as Json)["structuredContent"], { accepted: true });
  });

  it("is no question to an MCP client that may not answer, and its status says where it waits", async () => {
    const { taskId } = await tool("starter", "refund", {});
    await waiting(taskId);
    const task = await ask("starter", "tasks/get", { taskId });
    assert.equal(task["status"], "working");
    assert.match(String(task["statusMessage"]), /waits in the inbox finance for boss$/);
    const { content } = await tool("starter", "refund", {}, { hasTasks: false });
    assert.match(JSON.stringify(content), /has not ended \(.*waits in the inbox finance for boss\)/);
    await tutti.runs.get(String(taskId)).cancel();
  });

  it("asks an MCP client without tasks in the result of its call", async () => {
    const first = await tool("ann", "read", {}, { hasTasks: false });
    assert.equal(first["resultType"], "input_required");
    const { requestState } = first;
    const [name = ""] = Object.keys(first["inputRequests"] as Json);
    const inputResponses = { [name]: { action: "accept", content: { accepted: true } } };
    const params = { name: "read", arguments: {}, requestState, inputResponses };
    const next = await ask("ann", "tools/call", params, { hasTasks: false });
    assert.deepEqual(next["structuredContent"], { accepted: true });
  });

  it("is requested of an MCP client with a handshake within its call, with an id that any process accepts", async () => {
    const requests: string[] = [];
    const sendRequest = (id: string) => {
      requests.push(id);
      const result = { action: "decline" };
      void mcp.acceptResponse({ kind: "response", id, result }, {
        context: contextOf("ann"),
        namespace: "default",
      } as never);
    };
    const failed = await tool("ann", "read", {}, { stateless: false, hasTasks: false }, { sendRequest });
    assert.equal(requests.length, 1);
    assert.match(JSON.stringify(failed["content"]), /rejected/);
  });

  it("is answered with the tool for approvals, by the id of the run that waits", async () => {
    const { taskId: runId } = await tool("starter", "refund", {});
    await waiting(runId);
    const { structuredContent } = await tool("boss", "tutti_approvals", { runId });
    const [approval = {}] = (structuredContent as { approvals: Json[] }).approvals;
    const { approvalId, inboxTask } = approval;
    assert.equal((inboxTask as Json)["inbox"], "finance");
    const answer = { runId, approvalId, verdict: "approved", data: { accepted: false } };
    const denied = await tool("starter", "tutti_approve", { ...answer, approvalId: "check" });
    assert.match(JSON.stringify(denied["content"]), /starter is excluded/);
    assert.equal((await tool("boss", "tutti_approve", answer))["isError"], undefined);
    assert.deepEqual(await tutti.runs.get(String(runId)).result(), { accepted: false });
  });

  it("makes an A2A task require input, and a message answers it", async () => {
    const started = await request("starter", "SendMessage", message([{ data: {} }]));
    const { state, parts } = statusOf(started);
    const { id: taskId } = started;
    assert.equal(state, "TASK_STATE_INPUT_REQUIRED");
    const question = text.replace("RUN", String(taskId));
    assert.equal(parts[0]?.["text"], `${question} It waits in the inbox finance for boss.`);
    const { inbox, capability, form: schema } = (parts[1]?.["data"] ?? {}) as Json;
    assert.deepEqual([inbox, capability, schema], ["finance", "pay.review", form]);
    assert.equal(statusOf(await request("boss", "GetTask", { id: taskId })).state, state);
    const answer = [{ data: { verdict: "approved", data: { accepted: true } } }];
    await assert.rejects(
      request("starter", "SendMessage", message(answer, { taskId })),
      /starter is excluded/,
    );
    const otherRun = [{ data: { verdict: "approved", runId: "other-1" } }];
    await assert.rejects(request("boss", "SendMessage", message(otherRun, { taskId })), /no open question/);
    const done = await request("boss", "SendMessage", message(answer, { taskId }));
    assert.equal(statusOf(done).state, "TASK_STATE_COMPLETED");
  });

  it("of a child run is a question of the MCP task of its first ancestor, and its answer completes the task", async () => {
    for (const [name, place] of [
      ["sign", /, waits for an approval of the run \S+ for boss$/],
      ["refund", /, waits in the inbox finance for boss$/],
    ] as const) {
      const { taskId } = await tool("starter", `${name}-family`, {});
      const task = await waiting(taskId);
      assert.match(String(task["statusMessage"]), place);
      assert.equal((await ask("starter", "tasks/get", { taskId }))["status"], "working");
      const [question = "", ...more] = Object.keys(task["inputRequests"] as Json);
      assert.equal(more.length, 0);
      const inputResponses = { [question]: { action: "accept", content: { accepted: true } } };
      await ask("boss", "tasks/update", { taskId, inputResponses });
      await until("the end", async () => {
        const got = await ask("starter", "tasks/get", { taskId });
        return got["status"] === "completed" || undefined;
      });
    }
  });

  it("of a child run is answered with the tool for approvals, by the id of its first ancestor", async () => {
    const { taskId: runId } = await tool("starter", "sign-family", {});
    await waiting(runId);
    const { structuredContent } = await tool("boss", "tutti_approvals", { runId });
    const [approval = {}] = (structuredContent as { approvals: Json[] }).approvals;
    assert.equal(approval["title"], "Sign?");
    const answer = { runId, approvalId: approval["approvalId"], verdict: "approved" };
    assert.equal((await tool("boss", "tutti_approve", answer))["isError"], undefined);
    await tutti.runs.get(String(runId)).result();
  });

  it("of a child run makes the A2A task of its first ancestor require input, and a message answers it", async () => {
    for (const [name, place] of [
      ["sign", /^Sign\? It waits for an approval of the run \S+ for boss\.$/],
      ["refund", /It waits in the inbox finance for boss\.$/],
    ] as const) {
      const workflow = `${name}-family`;
      const started = await request("starter", "SendMessage", message([{ data: {} }]), workflow);
      const { state, parts } = statusOf(started);
      const { id: taskId } = started;
      assert.equal(state, "TASK_STATE_INPUT_REQUIRED");
      assert.match(String(parts[0]?.["text"]), place);
      const { runId, approvalId } = (parts[1]?.["data"] ?? {}) as Json;
      const data = { verdict: "approved", runId, approvalId, data: { accepted: true } };
      await assert.rejects(request("starter", "SendMessage", message([{ data }], { taskId }), workflow));
      const done = await request("boss", "SendMessage", message([{ data }], { taskId }), workflow);
      assert.equal(statusOf(done).state, "TASK_STATE_COMPLETED");
    }
  });

  it("a repeated A2A message takes effect once, also if another question is open or the task has ended", async () => {
    await tutti.workflows.register(
      "workflow: twice\ntasks: {check: {approve: {}}, again: {needs: [check], approve: {}}}\n",
    );
    const send = (sent: Json) => request("boss", "SendMessage", sent, "twice");
    const openIn = (task: Json) => (statusOf(task).parts[1]?.["data"] as Json | undefined)?.["approvalId"];
    const start = message([{ data: {} }]);
    const { id: taskId } = await send(start);
    assert.equal((await send(start))["id"], taskId);
    const first = message([{ text: "yes" }], { taskId });
    const next = openIn(await send(first));
    assert.match(String(next), /again/);
    assert.equal(openIn(await send(first)), next);
    const same = { ...message([{ text: "yes" }], { taskId }).message, messageId: first.message.messageId };
    await assert.rejects(request("ann", "SendMessage", { message: same }, "twice"), /another message/);
    const second = message([{ text: "yes" }], { taskId });
    for (const sent of [second, second, first, start])
      assert.equal(statusOf(await send(sent)).state, "TASK_STATE_COMPLETED");
    const late = message([{ text: "yes" }], { taskId });
    await assert.rejects(send(late), /has ended/);
  });

  it("a repeated A2A message that names the question of a child run takes effect once", async () => {
    const started = await request("starter", "SendMessage", message([{ data: {} }]), "sign-family");
    const { id: taskId } = started;
    const { runId, approvalId } = (statusOf(started).parts[1]?.["data"] ?? {}) as Json;
    const answer = message([{ data: { verdict: "approved", runId, approvalId } }], { taskId });
    for (let count = 0; count < 2; count++) {
      const done = await request("boss", "SendMessage", answer, "sign-family");
      assert.equal(statusOf(done).state, "TASK_STATE_COMPLETED");
    }
  });

  it("a repeated A2A message without a run id does not answer the next question of a child run", async () => {
    const step = (name: string) => `first: {workflow: ${name}}, second: {needs: [first], workflow: ${name}}`;
    const tasks = {
      children: step("sign"),
      grandchildren: step("sign-child"),
      inboxes: "first: {uses: pay.review}, second: {needs: [first], uses: pay.review}",
    };
    for (const [workflow, steps] of Object.entries(tasks)) {
      await tutti.workflows.register(`workflow: ${workflow}\ntasks: {${steps}}\n`);
      const send = (id: string, sent: Json) => request(id, "SendMessage", sent, workflow);
      const openIn = (task: Json) => (statusOf(task).parts[1]?.["data"] as Json | undefined)?.["runId"];
      const started = await send("starter", message([{ data: {} }]));
      const answer = () =>
        message([{ data: { verdict: "approved", data: { accepted: true } } }], { taskId: started["id"] });
      const first = answer();
      const next = openIn(await send("boss", first));
      assert.notEqual(next, openIn(started), workflow);
      assert.equal(openIn(await send("boss", first)), next, workflow);
      const second = answer();
      for (const sent of [second, second, first])
        assert.equal(statusOf(await send("boss", sent)).state, "TASK_STATE_COMPLETED");
      await assert.rejects(send("boss", answer()), /has ended/);
    }
  });
});
