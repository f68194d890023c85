/** The Agent2Agent protocol of a whole platform, tested with the official client and with plain requests. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Role, type SendMessageRequest, type Task, TaskState } from "@a2a-js/sdk";
import { type Client, ClientFactory, ClientFactoryOptions } from "@a2a-js/sdk/client";
import { until } from "@tutti/kernel/testing";
import { type CardKey, isCardSignedBy } from "@tutti/policy/agent-card";
import { register } from "../mcp/client.ts";
import { KeyedPlatform, keyHeaders } from "../support/keyed-platform.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";
import { Receiver } from "./receiver.ts";

type Json = Record<string, unknown>;

const workflows = [
  `workflow: greet
description: Greets a person.
input: {schema: {type: object, required: [name], properties: {name: {type: string}}}}
steps:
  text: {wait: 1ms}
output: "\${{ 'Hello, ' + input.name }}"
`,
  `workflow: held
tasks:
  go: {wait: {signal: go}}
output: \${{ tasks.go.output }}
`,
  `workflow: sale
tasks:
  check: {approve: {message: "Sell?"}}
`,
  `workflow: broken
steps: {a: {wait: "\${{ duration('none') }}"}}
`,
];

let number = 0;
const newId = () => `message-${++number}`;
const textPart = (value: string) => ({
  content: { $case: "text" as const, value },
  ...{ metadata: undefined, filename: "", mediaType: "" },
});
const sent = (text: string, more: { messageId?: string; taskId?: string } = {}): SendMessageRequest => ({
  tenant: "",
  message: {
    ...{ messageId: newId(), taskId: "", contextId: "", role: Role.ROLE_USER, metadata: undefined },
    ...{ parts: [textPart(text)], extensions: [], referenceTaskIds: [], ...more },
  },
  ...{ configuration: undefined, metadata: undefined },
});
const taskIn = (result: unknown): Task => {
  assert.ok(typeof result === "object" && result !== null && "status" in result, "expected a task");
  return result as Task;
};
const textOf = (task: Task): unknown => {
  const content = task.artifacts[0]?.parts[0]?.content;
  return content?.value;
};
const stateOf = ({ status }: Task) => status?.state;

async function rpc(http: string, body: unknown, headers: Json = {}): Promise<{ status: number; body: Json }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(`${http}/a2a`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(headers as Record<string, string>) },
    body: text,
  });
  return { status: answer.status, body: (await answer.json()) as Json };
}
const rpcRequest = (method: string, params: Json = {}) => ({ jsonrpc: "2.0", id: 1, method, params });
const codeIn = (body: Json): unknown => (body["error"] as Json | undefined)?.["code"];

describe("A2A", () => {
  let folder: Folder;
  let platform: Service;
  let receiver: Receiver;
  const keyFile = () => join(folder.path, "card-key.pem");
  const open = () =>
    start("platform", [
      "--gateway.privatePushUrls=true",
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      `--gateway.agentCardKey=file:${keyFile()}`,
    ]);
  const clientOf = (workflow: string, binding = "JSONRPC"): Promise<Client> => {
    const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      preferredTransports: [binding],
    });
    return new ClientFactory(options).createFromUrl(`${platform.http}/a2a/workflows/default/${workflow}/`);
  };

  before(async () => {
    folder = await makeFolder();
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFile(keyFile(), privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
    receiver = await Receiver.open();
    platform = await open();
    for (const text of workflows) await register(platform.http, text);
  });
  after(async () => {
    await platform?.stop();
    await receiver?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const binding of ["JSONRPC", "HTTP+JSON"])
    describe(`the official client over ${binding}`, () => {
      it("runs a workflow, once per message", async () => {
        const client = await clientOf("greet", binding);
        const request = sent("Ada");
        const task = taskIn(await client.sendMessage(request));
        assert.equal(stateOf(task), TaskState.TASK_STATE_COMPLETED);
        assert.equal(textOf(task), "Hello, Ada");
        assert.equal(taskIn(await client.sendMessage(request)).id, task.id);
        const other = {
          ...request,
          message: { ...sent("Bo").message, messageId: request.message?.messageId },
        };
        await assert.rejects(client.sendMessage(other as SendMessageRequest), /another message/);
      });

      it("answers the question of a run, and follows it to its end", async () => {
        const client = await clientOf("held", binding);
        const waiting = taskIn(await client.sendMessage(sent("hold")));
        assert.equal(stateOf(waiting), TaskState.TASK_STATE_INPUT_REQUIRED);
        const followed = client.resubscribeTask({ tenant: "", id: waiting.id });
        const first = await followed.next();
        assert.equal((first.value as { payload?: { $case: string } }).payload?.$case, "task");
        await client.sendMessage(sent("on", { taskId: waiting.id }));
        const kinds: string[] = [];
        for await (const { payload } of followed) kinds.push(payload?.$case ?? "");
        assert.deepEqual(kinds.slice(-2), ["artifactUpdate", "statusUpdate"]);
        const done = await client.getTask({ tenant: "", id: waiting.id, historyLength: undefined });
        assert.equal(textOf(done), "on");
        assert.equal(done.history.length, 2);
        await assert.rejects(client.sendMessage(sent("more", { taskId: waiting.id })), /ended/);
      });

      it("streams the states of a run from its start, up to its question", async () => {
        const client = await clientOf("sale", binding);
        let task: Task | undefined;
        const states: unknown[] = [];
        for await (const { payload } of client.sendMessageStream(sent("sell"))) {
          if (payload?.$case === "task") task = payload.value;
          if (payload?.$case === "task" || payload?.$case === "statusUpdate")
            states.push(payload.value.status?.state);
        }
        assert.equal(states.at(-1), TaskState.TASK_STATE_INPUT_REQUIRED);
        await assert.rejects(client.sendMessage(sent("perhaps", { taskId: task?.id ?? "" })), /approved/);
        const decided = taskIn(await client.sendMessage(sent("yes", { taskId: task?.id ?? "" })));
        assert.equal(stateOf(decided), TaskState.TASK_STATE_COMPLETED);
      });

      it("cancels, and sees a failure in words", async () => {
        const client = await clientOf("held", binding);
        const { id } = taskIn(await client.sendMessage(sent("hold")));
        await client.cancelTask({ tenant: "", id, metadata: undefined });
        await until("the task to be cancelled", async () => {
          const task = await client.getTask({ tenant: "", id, historyLength: 0 });
          return stateOf(task) === TaskState.TASK_STATE_CANCELED || undefined;
        });
        await assert.rejects(client.cancelTask({ tenant: "", id, metadata: undefined }), /ended/);
        const failed = taskIn(await (await clientOf("broken", binding)).sendMessage(sent("x")));
        assert.equal(stateOf(failed), TaskState.TASK_STATE_FAILED);
        assert.match(JSON.stringify(failed.status?.message), /duration/);
      });

      it("is notified of each state, and not after it deleted the configuration", async () => {
        const client = await clientOf("held", binding);
        const { id: taskId } = taskIn(await client.sendMessage(sent("hold")));
        const authentication = { scheme: "Bearer", credentials: `secret-${binding}` };
        const config = {
          tenant: "",
          id: "mine",
          taskId,
          url: receiver.url(binding),
          token: "t-1",
          authentication,
        };
        const created = await client.createTaskPushNotificationConfig(config);
        assert.deepEqual([created.id, created.url, created.token], ["mine", config.url, "t-1"]);
        assert.equal(
          (await client.createTaskPushNotificationConfig(config)).id,
          "mine",
          "the same changes nothing",
        );
        await assert.rejects(
          client.createTaskPushNotificationConfig({ ...config, token: "t-2" }),
          /has this id/,
        );
        const [first] = await receiver.of(taskId, 1);
        assert.deepEqual(
          [first?.state, first?.token, first?.authorization],
          ["TASK_STATE_INPUT_REQUIRED", "t-1", `Bearer secret-${binding}`],
        );
        const read = { tenant: "", taskId, id: "mine" };
        const got = await client.getTaskPushNotificationConfig(read);
        assert.deepEqual([got.url, got.token, got.authentication?.credentials], [config.url, "", ""]);
        const page = { tenant: "", taskId, pageSize: 0, pageToken: "" };
        const listed = await client.listTaskPushNotificationConfig(page);
        assert.deepEqual(
          listed.configs.map(({ id, url }) => [id, url]),
          [["mine", config.url]],
        );
        await client.deleteTaskPushNotificationConfig(read);
        await client.deleteTaskPushNotificationConfig(read);
        await assert.rejects(client.getTaskPushNotificationConfig(read), /not found/);
        await client.createTaskPushNotificationConfig({ ...config, id: "other" });
        await client.sendMessage(sent("on", { taskId }));
        const completed = "TASK_STATE_COMPLETED";
        const states = await until("the end", async () => {
          const all = await receiver.of(taskId, 3);
          return all.at(-1)?.state === completed ? all.map(({ state }) => state) : undefined;
        });
        assert.deepEqual(
          // The run may be seen between the answer and its end.
          states.slice(1).filter((state) => state !== "TASK_STATE_WORKING"),
          ["TASK_STATE_INPUT_REQUIRED", completed],
          "only the second configuration has the end",
        );
      });

      it("lists the tasks of one workflow and of one context", async () => {
        const client = await clientOf("greet", binding);
        const { id, contextId } = taskIn(await client.sendMessage(sent("Ed")));
        const page = { tenant: "", status: 0, pageToken: "", pageSize: 10 };
        await until("the task to be listed", async () => {
          const { tasks } = await client.listTasks({ ...page, contextId, includeArtifacts: true } as never);
          assert.ok(tasks.every((task) => task.id === id));
          return tasks[0] === undefined ? undefined : textOf(tasks[0]) === "Hello, Ed" || undefined;
        });
        const otherTenant = await clientOf("held", binding);
        await assert.rejects(otherTenant.getTask({ tenant: "", id, historyLength: 0 }), /not found/);
      });
    });

  it("keeps tasks and notifications after the platform is killed, and resends a rejected notification with the same id and body", async () => {
    receiver.statuses.push(503);
    const taskPushNotificationConfig = { url: receiver.url("again"), token: "hidden-token" };
    const message = {
      messageId: newId(),
      role: "ROLE_USER",
      parts: [{ text: "x" }],
      metadata: { skillId: "held" },
    };
    const params = { message, configuration: { taskPushNotificationConfig } };
    const started = await rpc(platform.http, rpcRequest("SendMessage", params));
    const { id: taskId } = (started.body["result"] as { readonly task: { readonly id: string } }).task;
    const [first, second] = await receiver.of(taskId, 2);
    assert.ok(first?.id !== undefined && first.id !== "");
    assert.deepEqual(second, first);
    await rpc(platform.http, rpcRequest("SendMessage", params));
    const list = rpcRequest("ListTaskPushNotificationConfigs", { task_id: taskId });
    const configs = (await rpc(platform.http, list)).body["result"] as { configs: Json[] };
    assert.equal(configs.configs.length, 1, "the same message has one configuration");
    const ofAll = (await rpc(platform.http, rpcRequest("ListTasks", { pageSize: 100 }))).body["result"] as {
      tasks: Json[];
    };
    assert.ok(ofAll.tasks.every(({ id }) => !String(id).startsWith("a2a-push-")));
    await platform.kill();
    platform = await open();
    const client = await clientOf("held");
    const restored = await client.getTask({ tenant: "", id: taskId, historyLength: 0 });
    assert.equal(stateOf(restored), TaskState.TASK_STATE_INPUT_REQUIRED, "the run is the task");
    assert.equal(textOf(taskIn(await client.sendMessage(sent("on", { taskId })))), "on");
    // On a busy machine the receiver also sees the task in progress.
    const last = await until("the notification of the end", async () =>
      (await receiver.of(taskId, 3)).find(({ state }) => state === "TASK_STATE_COMPLETED"),
    );
    assert.equal(last.token, "hidden-token");
    assert.notEqual(last.id, first?.id);
  });

  it("ends the notifications of a receiver that refuses them, and names its URL nowhere", async () => {
    const client = await clientOf("held");
    const { id: taskId } = taskIn(await client.sendMessage(sent("hold")));
    receiver.statuses.push(404);
    const url = receiver.url("marker-of-the-url");
    await client.createTaskPushNotificationConfig({
      ...{ tenant: "", id: "", taskId, url, token: "marker-of-the-token", authentication: undefined },
    });
    const runs = `${platform.http}/v1/runs`;
    const run = await until("the run of the configuration to fail", async () => {
      const query = new URLSearchParams({ label: `a2a.push=${taskId}`, status: "failed" });
      const { runs: found } = (await (await fetch(`${runs}?${query}`)).json()) as {
        runs: { runId: string }[];
      };
      return found[0];
    });
    const results = await Promise.all(
      ["", "/history", "/tasks?withPayloads=true"].map(async (path) =>
        (await fetch(`${runs}/${run.runId}${path}`)).text(),
      ),
    );
    assert.match(results.join(), /gateway.push_refused/);
    assert.doesNotMatch(results.join(), /marker-of/);
  });

  it("does the tasks of notifications for no run but its own", async () => {
    await register(
      platform.http,
      "workflow: forged\npool: a2a\ntasks: {push: {loop: {max: 1, until: true, tasks: {post: {uses: a2a.post, retry: 1}}}}}\n",
    );
    const otherTenant = await clientOf("held");
    const { id: taskId } = taskIn(await otherTenant.sendMessage(sent("hold")));
    await otherTenant.createTaskPushNotificationConfig({
      ...{ tenant: "", id: "", taskId, url: receiver.url("x"), token: "", authentication: undefined },
    });
    const task = taskIn(await (await clientOf("forged")).sendMessage(sent("{}")));
    assert.match(JSON.stringify(task.status), /push_run_foreign/);
  });

  it("signs all cards with the configured key, and serves its public part", async () => {
    const { http } = platform;
    const json = async (path: string): Promise<Json> =>
      (await (await fetch(`${http}${path}`)).json()) as Json;
    const { keys } = (await json("/.well-known/agent-card-keys.json")) as { readonly keys: CardKey[] };
    assert.equal(keys.length, 1);
    const { body } = await rpc(http, rpcRequest("GetExtendedAgentCard"));
    const card = "/.well-known/agent-card.json";
    const cards = [
      ...[await json(card), await json(`/a2a/workflows/default/greet${card}`), body["result"] as Json],
    ];
    assert.deepEqual(
      cards.map((card) => isCardSignedBy(card, keys)),
      [true, true, true],
    );
  });

  it("has a public card without workflows, and lists them for a caller", async () => {
    const open = await fetch(`${platform.http}/.well-known/agent-card.json`);
    const card = (await open.json()) as { skills: Json[]; supportedInterfaces: Json[] };
    assert.deepEqual(
      card.skills.map(({ id }) => id),
      ["workflow"],
    );
    assert.equal(card.supportedInterfaces[0]?.["url"], `${platform.http}/a2a`);
    const etag = open.headers.get("etag") ?? "";
    const second = await fetch(`${platform.http}/.well-known/agent-card.json`, {
      headers: { "if-none-match": etag },
    });
    assert.equal(second.status, 304);
    const { result } = (await rpc(platform.http, rpcRequest("GetExtendedAgentCard"))).body as {
      result: typeof card;
    };
    assert.ok(
      result.skills.some(({ id, description }) => id === "greet" && /Greets/.test(String(description))),
    );
    const params = {
      message: {
        messageId: newId(),
        role: "ROLE_USER",
        parts: [{ text: "Flo" }],
        metadata: { skillId: "greet" },
      },
    };
    const { body } = await rpc(platform.http, rpcRequest("SendMessage", params));
    assert.match(JSON.stringify(body), /Hello, Flo/);
  });

  it("answers invalid requests with the errors of the protocol", async () => {
    const { http } = platform;
    for (const [body, code] of [
      ["{", -32_700],
      [[rpcRequest("GetTask")], -32_600],
      [{ ...rpcRequest("GetTask"), id: { bad: 1 } }, -32_600],
      [rpcRequest("message/send"), -32_601],
      [rpcRequest("SendMessage"), -32_602],
      [rpcRequest("GetTask", { id: "none" }), -32_001],
      [rpcRequest("GetTask", { id: "../../x" }), -32_001],
      [rpcRequest("CancelTask", { id: "none" }), -32_001],
      [rpcRequest("SubscribeToTask", { id: "none" }), -32_001],
      [rpcRequest("ListTaskPushNotificationConfigs", { taskId: "none" }), -32_001],
      [rpcRequest("CreateTaskPushNotificationConfig", { taskId: "none", url: "https://a.example" }), -32_001],
      [rpcRequest("ListTasks", { pageSize: 101 }), -32_602],
      [rpcRequest("ListTasks", { pageToken: "none" }), -32_602],
      [rpcRequest("ListTasks", { status: "TASK_STATE_NONE" }), -32_602],
      [rpcRequest("ListTasks", { statusTimestampAfter: "yesterday" }), -32_602],
    ] as const) {
      const answer = await rpc(http, body);
      assert.deepEqual([codeIn(answer.body), answer.status], [code, 200], JSON.stringify(body));
    }
    assert.equal(codeIn((await rpc(http, rpcRequest("GetTask"), { "a2a-version": "0.3" })).body), -32_009);
    const large = await fetch(`${http}/a2a`, { method: "POST", body: "x".repeat(2_000_000) });
    assert.equal(large.status, 413);
    const foreign = await fetch(`${http}/a2a`, {
      ...{ method: "POST", body: "{}", headers: { origin: "https://evil.example" } },
    });
    assert.equal(foreign.status, 403);
    assert.equal((await fetch(`${http}/a2a/nothing`, { method: "POST", body: "{}" })).status, 415);
  });

  it("survives a flood of requests, and answers the next one", async () => {
    const { http } = platform;
    const requests = Array.from({ length: 1_200 }, () => rpc(http, rpcRequest("GetTask", { id: "none" })));
    const statuses = new Set((await Promise.all(requests)).map(({ status }) => status));
    assert.ok(
      // 408: on a busy machine a request is read too late.
      [...statuses].every((status) => [200, 408, 429, 503].includes(status)),
      [...statuses].join(),
    );
    const { body } = await rpc(http, rpcRequest("GetTask", { id: "none" }));
    assert.equal(codeIn(body), -32_001);
  });
});

describe("A2A with keys", () => {
  let platform: KeyedPlatform;
  before(async () => {
    platform = await KeyedPlatform.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  it("gives a key the same rights as over REST, and no others", async () => {
    const { http, keys } = platform;
    const params = {
      message: {
        messageId: newId(),
        role: "ROLE_USER",
        parts: [{ text: "x" }],
        metadata: { skillId: "greet" },
      },
    };
    const listed = await rpc(http, rpcRequest("ListTasks"), keyHeaders(keys.narrowed));
    assert.equal(listed.status, 200, "the key is for workflow.runs.list");
    const started = await rpc(http, rpcRequest("SendMessage", params), keyHeaders(keys.narrowed));
    assert.equal(started.status, 403);
    assert.equal(codeIn(started.body), -32_050);
    const pushed = rpcRequest("ListTaskPushNotificationConfigs", { taskId: "any" });
    assert.equal((await rpc(http, pushed, keyHeaders(keys.narrowed))).status, 403, "it may not read a task");
    const refused = await rpc(http, rpcRequest("ListTasks", { tenant: "b" }), keyHeaders(keys.viewer));
    assert.equal(refused.status, 403);
    const wrong = await fetch(`${http}/a2a`, { method: "POST", body: "{}", headers: keyHeaders("a.b.c") });
    assert.equal(wrong.status, 401);
    const card = await fetch(`${http}/a2a/workflows/b/any/.well-known/agent-card.json`, {
      headers: keyHeaders(keys.viewer),
    });
    assert.equal(card.status, 403);
  });
});
