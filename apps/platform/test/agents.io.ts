/** Agents on a platform as a process: its worker of agents, workers with tools, and a model with a script. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { freePort } from "@tutti/nats/testing";
import { connect, type Tutti } from "@tutti/sdk/client";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel } from "@tutti/sdk/testing";
import { Worker } from "@tutti/sdk/worker";
import { readPage, root } from "./docs/page.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const definition = {
  workflow: "sum-up",
  tasks: {
    answer: {
      agent: {
        model: "anthropic:claude-test",
        instructions: "Add ${{ input.numbers }}.",
        tools: ["calc.*", "workflow:double"],
      },
    },
  },
  output: "${{ tasks.answer.output }}",
};
const double = {
  workflow: "double",
  input: { schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } },
  tasks: { twice: { set: "${{ input.n * 2 }}" } },
  output: "${{ tasks.twice.output }}",
};

describe("agents on a platform", () => {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const model = new ScriptedModel(async ({ conversation }, count) => {
    const results = conversation.length;
    if (results === 1) return { calls: [{ name: "calc_add", input: { a: 2, b: 3 } }] };
    await gates.get(`model ${results}`)?.promise;
    if (results === 3) return { calls: [{ name: "double", input: { n: Number(conversation[2]) } }] };
    return `${conversation.at(-1)} after ${count > 0 ? "all" : "none"}`;
  });
  let folder: Folder;
  let served: ServedModel;
  let platform: Service;
  let tutti: Tutti;
  let worker: Worker;
  let added = 0;

  const startPlatform = (flags: readonly string[] = []) =>
    start("platform", [`--platform.dataDirectory=${folder.path}`, ...flags], {
      environment: { ANTHROPIC_BASE_URL: served.url, ANTHROPIC_API_KEY: "test-key" },
    });

  before(async () => {
    folder = await makeFolder();
    served = await serveModel(model);
    platform = await startPlatform();
    tutti = await connect({ address: platform.grpc });
    worker = new Worker({ address: platform.grpc, server: platform.http, handleSignals: false });
    worker.handle(
      "calc.add",
      ({ a, b }: { readonly a: number; readonly b: number }) => {
        added += 1;
        return a + b;
      },
      {
        description: "Adds two numbers.",
        inputSchema: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } } },
      },
    );
    await worker.start();
    await tutti.workflows.register(double as never);
    await tutti.workflows.register(definition as never);
    const offered = async () => {
      const answer = await fetch(`${platform.http}/v1/capabilities`);
      const { capabilities } = (await answer.json()) as {
        readonly capabilities: readonly { readonly name: string }[];
      };
      return capabilities.map(({ name }) => name);
    };
    await until("the tools are listed", offered, (names) => names.includes("calc.add"));
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await platform?.stop();
    await served?.close();
    await folder?.[Symbol.asyncDispose]();
  });

  it("call capabilities and workflows with the schemas of their owners", async () => {
    assert.equal(await tutti.execute("sum-up", { input: { numbers: "2 and 3" } }), "10 after all");
    const [first] = model.requests;
    assert.deepEqual(first?.tools, ["calc_add", "double"]);
    assert.equal(first?.instructions, "Add 2 and 3.");
    const [add, doubled] = (first?.body["tools"] ?? []) as readonly {
      readonly description: string;
      readonly input_schema: object;
    }[];
    assert.equal(add?.description, "Adds two numbers.");
    assert.deepEqual(doubled?.input_schema, double.input.schema);
  });

  it("continue behind the last result when the platform is killed in the middle of an answer", async () => {
    const gate = Promise.withResolvers<void>();
    gates.set("model 3", gate);
    const requestsBefore = model.requests.length;
    const before = added;
    const run = await tutti.run("sum-up", { input: { numbers: "2 and 3" } });
    await until(
      "the model is asked the second time",
      () => model.requests.length,
      (count) => count === requestsBefore + 2,
    );
    const { grpc, http } = platform;
    await platform.kill();
    gates.clear();
    gate.resolve();
    platform = await startPlatform([`--mesh.listen=${grpc}`, `--operations.port=${new URL(http).port}`]);
    assert.equal(await run.result(), "10 after all");
    assert.equal(added - before, 1, "the tool is not called again");
    const lengths = model.requests.slice(requestsBefore).map(({ conversation }) => conversation.length);
    assert.deepEqual(lengths, [1, 3, 3, 5], "the first answer is not paid for twice");
  });

  it("stream through the chat server of the guide, which survives an unknown run", async () => {
    const block = readPage("docs/guides/ai-agents.md").blocks.find(
      ({ options }) => options["file"] === "chat-server.ts",
    );
    symlinkSync(join(root, "node_modules"), join(folder.path, "node_modules"));
    writeFileSync(join(folder.path, "chat-server.ts"), block?.text ?? "");
    const port = await freePort();
    const server = spawn(process.execPath, [join(folder.path, "chat-server.ts")], {
      env: { ...process.env, TUTTI_URL: platform.http, PORT: String(port) },
      stdio: "ignore",
    });
    try {
      const read = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      const page = await until(
        "the chat server serves its page",
        () => read("/?run=any").catch(() => ""),
        (text) => text !== "",
      );
      assert.match(page, /EventSource/);
      assert.equal(await read("/chat?run=nope"), "event: done\ndata: {}\n\n");
      const run = await tutti.run("sum-up", { input: { numbers: "2 and 3" } });
      const streamed = await read(`/chat?run=${run.id}`);
      const pieces = [...streamed.matchAll(/^data: (".*")$/gm)].map(
        ([, json = ""]) => JSON.parse(json) as string,
      );
      assert.equal(pieces.join(""), "10 after all");
    } finally {
      server.kill();
    }
  });
});
