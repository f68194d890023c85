import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Payload } from "@tutti/contracts/types/v1";
import { Run, runService } from "@tutti/contracts/workflow/v1";
import { silentLogger } from "@tutti/kernel";
import { type Handlers, Mesh } from "@tutti/mesh";
import { connect, type Tutti } from "../src/client/index.ts";

const value = Payload.fromPartial({ body: { $case: "inline", value: Buffer.from("7") } });
const outcome = { result: { $case: "completed", value } } as const;

/** Returns handlers that put the name of the answering server into the definition of a run. */
function handlersOf(name: string): Handlers<typeof runService> {
  const what = { $case: "definition", value: { name } } as const;
  const run = Run.fromPartial({ runId: "one", spec: { what }, outcome });
  const served: Partial<Handlers<typeof runService>> = {
    getRun: () => ({ run }),
    awaitRun: () => ({ run }),
    listRuns: () => ({ runs: [run], page: { nextToken: "", total: undefined }, indexedTo: undefined }),
  };
  const unserved = Object.keys(runService.methods).map((method) => [
    method,
    () => assert.fail(`expected no call of ${method}`),
  ]);
  return { ...Object.fromEntries(unserved), ...served };
}

describe("a client of several processes", () => {
  const servers: Mesh[] = [];
  const clients: Tutti[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serve(name: string, listen = "127.0.0.1:0"): Promise<Mesh> {
    const server = new Mesh({
      settings: { transport: "grpc", listen },
      foundation: { logger: silentLogger },
    });
    server.serve(runService, handlersOf(name));
    await server.start();
    servers.push(server);
    return server;
  }

  async function clientOf(...address: string[]): Promise<Tutti> {
    const client = await connect({ address });
    clients.push(client);
    return client;
  }

  /** Returns the name of the server that answers calls about a run. */
  async function answering(client: Tutti): Promise<string> {
    const { what } = (await client.runs.get("one").get()).spec ?? {};
    return what?.$case === "definition" ? what.value.name : "nobody";
  }

  async function listed(client: Tutti): Promise<number> {
    let count = 0;
    for await (const _ of client.runs.list()) count++;
    return count;
  }

  it("fails over to the other processes, also during a wait, and back when those stop", async () => {
    const [a, b] = [await serve("a"), await serve("b")];
    const client = await clientOf(a.address, b.address);
    assert.equal(await answering(client), "a");
    const killed = a.stop();
    assert.equal(await client.runs.get("one").result(), 7);
    await killed;
    for (let call = 0; call < 3; call++) assert.equal(await answering(client), "b");
    assert.equal(await listed(client), 1);
    await serve("a again", a.address);
    await b.stop();
    assert.equal(await answering(client), "a again");
    assert.equal(await listed(client), 1);
  });

  it("finds the running process at any position of the list", async () => {
    const stopped = await serve("gone");
    await stopped.stop();
    const there = await serve("there");
    const client = await clientOf(stopped.address, stopped.address, there.address);
    assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map(() => answering(client))), Array(5).fill("there"));
  });

  it("reports an unreachable installation without a server", async () => {
    const [a, b] = [await serve("a"), await serve("b")];
    await a.stop();
    await b.stop();
    const client = await connect({ address: [a.address, b.address], callTimeoutMs: 500 });
    clients.push(client);
    await assert.rejects(client.runs.get("one").get(), { status: "UNAVAILABLE", code: "sdk.unreachable" });
  });
});
