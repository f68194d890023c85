import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Client, RestError } from "@tutti/rest/client";
import { Front } from "./front.ts";

const markup = '<img src=x onerror="alert(1)">';

const order = `workflow: order
input: {schema: {type: object, required: [id]}}
tasks:
  charge: {uses: pay.charge, with: "\${{ input }}"}
  ask: {needs: [charge], approve: {title: "ship \${{ input.id }}?"}}
  ship: {needs: [ask], set: "\${{ tasks.charge.output.receipt }}"}
output: "\${{ tasks.ship.output }}"
`;

const waiting = 'workflow: waiting\ntasks: {go: {wait: {signal: go}}}\noutput: "${{ tasks.go.output }}"\n';

describe("runs over REST", () => {
  let front: Front;

  before(async () => {
    front = await Front.open();
    for (const text of [order, waiting])
      assert.equal((await front.post("/v1/workflows", { text })).status, 201);
  });
  after(() => front?.[Symbol.asyncDispose]());

  const offering = { capabilities: [{ name: "pay.charge", version: "1.0.0" }], slots: 4 };
  const claim = async (agentId: string) =>
    (await front.post("/v1/tasks/claim", { agentId, offering, waitMs: 10_000 })).json.tasks;

  it("go from a definition to their outcome, with a worker that polls and a person who decides", async () => {
    const started = await front.post("/v1/runs", {
      runId: "order-1",
      definition: "order",
      input: { id: markup },
    });
    assert.equal(started.status, 201);
    assert.equal(started.json.run.status, "running");

    const [task] = await claim("curl-1");
    assert.deepEqual([task.capability, task.input], ["pay.charge", { id: markup }]);
    const atWork = await untilTaskIs(front, "order-1", "charge", "running");
    assert.equal(atWork.attempts.at(-1).agentId, "curl-1");
    const checked = await front.post("/v1/workflows/check", { text: order, againstInstallation: true });
    assert.deepEqual(checked.json.problems, [], "what a worker that polls can do is known");
    const unknown = order.replace("pay.charge", "pay.nobody");
    const lacking = await front.post("/v1/workflows/check", { text: unknown, againstInstallation: true });
    assert.match(lacking.json.problems[0].message, /pay\.nobody/);

    const output = '{"receipt":12345678901234567890}';
    const completed = await front.post(
      "/v1/tasks/complete",
      `{"agentId":"curl-1","completions":[{"token":"${task.token}","output":${output}}]}`,
    );
    assert.deepEqual(completed.json.receipts, [{ token: task.token, accepted: true }]);

    const [approval] = await untilApproval(front, "order-1");
    assert.equal(approval.title, `ship ${markup}?`);
    assert.equal(approval.verdict, "unspecified");
    const decided = await front.post(`/v1/approvals/${approval.approvalId}`, {
      runId: "order-1",
      verdict: "approved",
    });
    assert.equal(decided.json.verdict, "approved");

    const ended = await front.get("/v1/runs/order-1/result?waitMs=10000");
    assert.equal(ended.json.status, "completed");
    const charged = await front.get("/v1/runs/order-1/tasks/charge");
    assert.match(charged.text, /"completed":\{"receipt":12345678901234567890\}/, "every digit is there");
    assert.equal(charged.json.input.id, markup);
    assert.match(
      String(ended.headers["content-type"]),
      /^application\/json/,
      "markup is data, and never a page",
    );
  });

  it("are shown in their state after each of their events, in the current format", async () => {
    const { json: history } = await front.get("/v1/runs/order-1/history");
    const types = history.events.map(({ type }: { type: string }) => type);
    assert.deepEqual([types[0], types.at(-1)], ["run_started", "run_completed"]);
    const charged = history.events.find(({ type }: { type: string }) => type === "task_completed");
    assert.equal(charged.taskId, "charge");
    assert.equal(history.total, history.events.length);

    const { json: now } = await front.get("/v1/runs/order-1/state");
    assert.deepEqual([now.event, now.run.status], [history.total, "completed"]);
    const { json: then } = await front.get(`/v1/runs/order-1/state?event=${charged.event}`);
    assert.deepEqual([then.event, then.run.status], [charged.event, "running"]);
    const statusesOf = (tasks: readonly { taskId: string; status: string }[]) =>
      Object.fromEntries(tasks.map(({ taskId, status }) => [taskId, status]));
    assert.equal(statusesOf(now.tasks)["ship"], "completed");
    assert.deepEqual(
      [statusesOf(then.tasks)["charge"], statusesOf(then.tasks)["ship"]],
      ["completed", "pending"],
    );
    const { json: today } = await front.get("/v1/runs/order-1");
    assert.deepEqual(now.run, today);
    assert.equal((await front.get("/v1/runs/order-1/state?event=9999")).status, 400);
  });

  it("take effect once per idempotency key, and refuse another request with the same key", async () => {
    const key = { "idempotency-key": "key-1" };
    const first = await front.post("/v1/runs", { definition: "waiting", labels: { a: "1" } }, key);
    const second = await front.post("/v1/runs", { definition: "waiting", labels: { a: "1" } }, key);
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal(second.json.run.runId, first.json.run.runId);
    const other = await front.post("/v1/runs", { definition: "waiting", labels: { a: "2" } }, key);
    assert.deepEqual([other.status, other.json.statusName], [409, "ALREADY_EXISTS"]);
  });

  it("receive signals, are found by filters in pages, and cancelled", async () => {
    const items = Array.from({ length: 5 }, (_, at) => ({
      runId: `batch-${at}`,
      spec: 1,
      labels: { group: "batch" },
    }));
    const { json } = await front.post("/v1/runs/batch", { specs: [{ definition: "waiting" }], items });
    assert.equal(json.receipts.length, 5);
    await untilFound(front, "/v1/runs?label=group=batch", 5);

    const first = await front.get("/v1/runs?label=group=batch&size=3");
    const second = await front.get(
      `/v1/runs?label=group=batch&size=3&token=${encodeURIComponent(first.json.nextToken)}`,
    );
    const ids = [...first.json.runs, ...second.json.runs].map(({ runId }: { runId: string }) => runId);
    assert.deepEqual([ids.length, new Set(ids).size, second.json.nextToken], [5, 5, undefined]);

    assert.equal((await front.post("/v1/runs/batch-0/signals/go", [1, null, "two"])).status, 200);
    const { json: result } = await front.get("/v1/runs/batch-0/result?waitMs=10000");
    assert.deepEqual(result.outcome.completed, [1, null, "two"]);
    const { json: cancelled } = await front.post("/v1/runs/batch-1/cancel", { reason: "not wanted" });
    assert.match(cancelled.status, /^cancel/);
    const ended = await front.post("/v1/runs/batch-0/cancel", {});
    assert.deepEqual([ended.status, ended.json.statusName], [409, "FAILED_PRECONDITION"]);
    assert.match(
      ended.json.detail,
      /^Run `batch-0` has completed, and the request needs a run that has not ended\. /,
    );
  });

  it("are called by the client with types, refusals being errors", async () => {
    const client = new Client({ url: front.url });
    const { run } = await client.call("runs.start", { body: { definition: "waiting", runId: "typed" } });
    assert.equal(run?.status, "running");
    await assert.rejects(
      client.call("runs.start", { body: { definition: "waiting", timeoutMs: -1 } }),
      (error) =>
        error instanceof RestError &&
        error.status === 400 &&
        error.fields[0]?.field === "timeoutMs" &&
        /timeoutMs: expected a number of at least 0, got -1/.test(error.detail),
    );
    const missing = await client
      .call("runs.get", { params: { id: "none" } })
      .catch((error: unknown) => error);
    assert.ok(missing instanceof RestError);
    assert.deepEqual([missing.code, missing.status], ["workflow.run_missing", 404]);
  });

  it("are followed by the client until they have ended", async () => {
    const client = new Client({ url: front.url });
    await client.call("runs.start", { body: { definition: "waiting", runId: "followed" } });
    const statuses: unknown[] = [];
    const query = { withTasks: true };
    for await (const reply of client.follow("runs.watch", { params: { id: "followed" }, query })) {
      if (reply.kind !== "snapshot" && reply.kind !== "change") continue;
      if (reply.value.run !== undefined) statuses.push(reply.value.run.status);
      if (reply.kind === "snapshot")
        await client.call("runs.signal", { params: { id: "followed", name: "go" }, body: 1 });
    }
    assert.deepEqual([statuses[0], statuses.at(-1)], ["running", "completed"]);
  });

  it("are returned in their current state when the deadline of the call ends", async () => {
    const { status, json } = await front.get("/v1/runs/typed/result?waitMs=60000&requestTimeoutMs=200");
    assert.deepEqual([status, json.status], [200, "running"]);
  });

  it("end a waiting call when its caller disconnects", async () => {
    const { load } = front.keptHost.host.mesh.server;
    const isWaiting = () => load.calls > 0;
    const disconnect = new AbortController();
    const path = `${front.url}/v1/runs/typed/result?waitMs=60000`;
    const approval = fetch(path, { signal: disconnect.signal }).catch((error: unknown) => error);
    await until("the call to be running", async () => isWaiting(), Boolean);
    disconnect.abort();
    await approval;
    await until(
      "the call to be given up",
      async () => isWaiting(),
      (waiting) => !waiting,
    );
  });
});

async function untilTaskIs(front: Front, run: string, task: string, status: string) {
  const readTask = () => front.get(`/v1/runs/${run}/tasks/${task}`);
  return (await until(status, readTask, ({ json }) => json.status === status)).json;
}

async function untilApproval(front: Front, runId: string) {
  for (;;) {
    const { json } = await front.get(`/v1/approvals?workId=${runId}`);
    if (json.approvals.length > 0) return json.approvals;
  }
}

/** Waits for the index, which follows the journal. */
async function untilFound(front: Front, path: string, count: number): Promise<void> {
  for (;;) {
    const { json } = await front.get(path);
    if (json.runs.length === count) return;
  }
}
