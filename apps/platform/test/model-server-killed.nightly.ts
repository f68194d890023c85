/** The server of a model as a process that is killed in the middle of an answer, and starts again. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Worker } from "@tutti/sdk/worker";
import { TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const definition = {
  workflow: "sum-up",
  tasks: {
    answer: {
      agent: { model: "local:small", instructions: "Add ${{ input.numbers }}.", tools: ["calc.*"] },
    },
  },
  output: "${{ tasks.answer.output }}",
};

describe("the server of a model", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;
  let worker: Worker;
  let model: TestProcess;
  let port: number;
  let ledger: string;
  let added = 0;

  async function serve(words: number): Promise<void> {
    const program = fileURLToPath(new URL("programs/model-server.ts", import.meta.url));
    model = new TestProcess({ program, arguments: [String(port), ledger, String(words)] });
    await model.wrote(/^http:/m);
  }

  before(async () => {
    folder = await makeFolder();
    ledger = join(folder.path, "requests");
    port = await freePort();
    platform = await start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`], {
      environment: { TUTTI_LOCAL_MODELS: `http://127.0.0.1:${port}/v1` },
    });
    tutti = await connect({ address: platform.grpc });
    worker = new Worker({ address: platform.grpc, server: platform.http, handleSignals: false });
    worker.handle("calc.add", ({ a, b }: { readonly a: number; readonly b: number }) => {
      added += 1;
      return a + b;
    });
    await worker.start();
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await platform?.stop();
    await model?.kill();
    await folder?.[Symbol.asyncDispose]();
  });

  it("is killed in the middle of an answer: the run continues and pays for no completed step twice", async () => {
    await serve(100_000);
    const run = await tutti.run("sum-up", { input: { numbers: "2 and 3" } });
    await firstWord(platform.http, run.id);
    await model.kill();
    await serve(0);
    assert.equal(await run.result(), "The sum is 5.");
    assert.equal(added, 1, "the tool is not called again");
    const requests = readFileSync(ledger, "utf8").trim().split("\n");
    assert.deepEqual(requests, ["1", "3", "3"], "only the answer that was cut is requested again");
  });
});

/** Waits until readers of the run see the first piece of the answer. */
async function firstWord(url: string, id: string): Promise<void> {
  const client = new Client({ url });
  for await (const message of client.follow("tasks.output", { params: { id, task: "answer" } }))
    if ((message.kind === "snapshot" || message.kind === "change") && message.value.chunks?.length) return;
  throw new Error("the answer ended");
}
