/** Programs with only TUTTI_URL and TUTTI_API_KEY: their calls over HTTP, at the gateway of a platform. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import { adviceService } from "@tutti/contracts/intelligence/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { connect, type Tutti, Worker } from "@tutti/sdk";
import { callOverHttp } from "./support/http-caller.ts";
import { KeyedPlatform, keyHeaders, person } from "./support/keyed-platform.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const greeting = {
  workflow: "greeting",
  tasks: { greet: { uses: "greeter.greet", with: { name: "${{ input.name }}" } } },
  output: "${{ tasks.greet.output }}",
};

describe("a client that knows the URL of a platform alone", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;
  let worker: Worker;
  const gates = new Map<string, PromiseWithResolvers<void>>();

  const startPlatform = (flags: readonly string[] = []) =>
    start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`, ...flags]);

  before(async () => {
    folder = await makeFolder();
    platform = await startPlatform();
    tutti = await connect({ address: platform.http });
    worker = new Worker({ address: platform.grpc, server: platform.http, handleSignals: false });
    worker.handle("greeter.greet", async ({ name }: { readonly name: string }) => {
      await gates.get(name)?.promise;
      return `Hello, ${name.slice(0, 20)}!`;
    });
    await worker.start();
    await tutti.workflows.register(greeting);
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it("registers, runs, watches, lists and cancels", async () => {
    const run = await tutti.run("greeting", { input: { name: "Anna" }, labels: { kind: "watched" } });
    let changes = 0;
    for await (const _ of run.watch()) changes++;
    assert.ok(changes > 0);
    assert.equal(await run.result(), "Hello, Anna!");
    const found: string[] = [];
    for await (const { runId } of tutti.runs.list({ labels: { kind: "watched" } })) found.push(runId);
    assert.deepEqual(found, [run.id]);
    const { done } = await run.history().next();
    assert.equal(done, false);
    gates.set("Bob", Promise.withResolvers());
    const waiting = await tutti.run("greeting", { input: { name: "Bob" } });
    await waiting.cancel("enough");
    await assert.rejects(waiting.result(), { code: "workflow.cancelled" });
    gates.get("Bob")?.resolve();
  });

  it("stores input that is too large for a message", async () => {
    const name = "x".repeat(3_000_000);
    const run = await tutti.run("greeting", { input: { name } });
    // A reference does not reveal its content.
    await assert.rejects(run.result(), { code: "workflow.data_stored" });
    const { value: first } = await run.history().next();
    assert.ok(JSON.stringify(first).length < name.length);
  });

  it("waits for a hundred runs at once", async () => {
    const names = Array.from({ length: 100 }, (_, number) => `n${number}`);
    const outputs = await Promise.all(names.map((name) => tutti.execute("greeting", { input: { name } })));
    assert.deepEqual(
      outputs,
      names.map((name) => `Hello, ${name}!`),
    );
  });

  it("continues to wait when the platform is killed and restarted", async () => {
    gates.set("Carl", Promise.withResolvers());
    const run = await tutti.run("greeting", { id: "killed", input: { name: "Carl" } });
    const result = run.result();
    const second = await tutti.run("greeting", { id: "killed", input: { name: "Carl" } });
    assert.ok(second.existed);
    const { grpc, http } = platform;
    await platform.kill();
    platform = await startPlatform([`--mesh.listen=${grpc}`, `--operations.port=${new URL(http).port}`]);
    gates.get("Carl")?.resolve();
    assert.equal(await result, "Hello, Carl!");
  });

  it("calls an rpc that another service than that of its contract hosts, without a name of the service", async () => {
    const { code, text } = await callOverHttp(platform.http, adviceService.methods.listRecommendations, {});
    assert.equal(code, status.OK, text);
  });

  it("refuses rpcs of the installation itself, other hosts and pages of other sites", async () => {
    const inner = await callOverHttp(platform.http, registryService.methods.register, {});
    assert.equal(inner.code, status.UNIMPLEMENTED);
    const { listRuns } = runService.methods;
    const foreign = await callOverHttp(platform.http, listRuns, { origin: "https://evil.example" });
    assert.equal(foreign.code, status.PERMISSION_DENIED);
    assert.match(foreign.text, /gateway.origin_foreign|evil\.example/);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(platform.http);
      const headers = { host: "evil.example", "content-type": "application/proto" };
      const query = { hostname, port, method: "POST", path: `/v1/calls${listRuns.path}`, headers };
      request(query, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    assert.ok(rebound !== undefined && rebound >= 400, String(rebound));
  });
});

describe("a client with a key", () => {
  it("has the rights and limits of its key, as over gRPC", async () => {
    await using platform = await KeyedPlatform.start();
    await platform.bind("dan", "developer", "default");
    await platform.outside.call(governance.identityService.methods.setIdentityLimit, {
      ...{ namespace: "default", revision: "", reason: "" },
      limit: governance.IdentityLimit.fromPartial({
        actor: person("dan"),
        maxStreams: 1,
        maxRequestBytes: 2_000,
      }),
    });
    const key = await platform.keyOf("dan", "default");
    const watching = new AbortController();
    const { listRuns, watchRuns, startRun } = runService.methods;
    await until(
      "the role to be known",
      () => callOverHttp(platform.http, listRuns, keyHeaders(key)),
      ({ code }) => code === status.OK,
    );
    const large = await callOverHttp(platform.http, startRun, keyHeaders(key), new Uint8Array(3_000));
    assert.equal(large.code, status.RESOURCE_EXHAUSTED, large.text);
    const body = new Uint8Array(5);
    const first = await fetch(`${platform.http}/v1/calls${watchRuns.path}`, {
      ...{ method: "POST", body, signal: watching.signal },
      headers: { ...keyHeaders(key), "content-type": "application/connect+proto" },
    });
    assert.equal(first.status, 200);
    const second = await callOverHttp(platform.http, watchRuns, keyHeaders(key));
    assert.equal(second.code, status.RESOURCE_EXHAUSTED, second.text);
    watching.abort();
    const otherClient = await connect({ address: platform.http, accessToken: key, namespace: "b" });
    await assert.rejects(otherClient.run("greeting"), { status: "PERMISSION_DENIED" });
    await otherClient.close();
    const nobody = await connect({ address: platform.http, accessToken: "tutti_live_none" });
    await assert.rejects(nobody.run("greeting"), { status: "UNAUTHENTICATED" });
    await nobody.close();
  });
});
