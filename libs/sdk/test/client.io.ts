import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ErrorDetail, Payload, WorkReference } from "@tutti/contracts/types/v1";
import { Run, RunEvent, runService } from "@tutti/contracts/workflow/v1";
import { defineErrors, silentLogger } from "@tutti/kernel";
import { type Handlers, Mesh } from "@tutti/mesh";
import { HttpGateway } from "@tutti/mesh/testing/http-gateway";
import { ClientOwnership } from "../src/client/client-ownership.ts";
import { connect, type Tutti } from "../src/client/index.ts";

type RunHandlers = Handlers<typeof runService>;

const errors = defineErrors("sdktest", {
  unserved: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "Of a test.",
    message: ({ name }: { name: string }) => `The test serves no ${name}`,
    remedy: "Serve it.",
  },
});

const json = (value: unknown) =>
  Payload.fromPartial({ body: { $case: "inline", value: new TextEncoder().encode(JSON.stringify(value)) } });

/** Returns a service that records its requests, with an answer for each kind of request. */
function handlers(requests: unknown[]): RunHandlers {
  const unserved = Object.keys(runService.methods).map((name) => [
    name,
    () => {
      throw errors.unserved({ name });
    },
  ]);
  const outcomes: Readonly<Record<string, NonNullable<Run["outcome"]>["result"]>> = {
    good: { $case: "completed", value: json({ shipped: 3 }) },
    bad: {
      $case: "failed",
      value: ErrorDetail.fromPartial({ code: "pay.declined", message: "no money", status: "ABORTED" }),
    },
    again: { $case: "continued", value: WorkReference.fromPartial({ kind: "run", id: "good" }) },
  };
  let waits = 0;
  const served: Partial<RunHandlers> = {
    startRun(request) {
      requests.push(request);
      return {
        run: Run.fromPartial({ runId: request.runId || "made-1" }),
        existed: request.runId === "known",
      };
    },
    awaitRun({ runId }) {
      // The run has not ended at the first request.
      const result = runId === "slow" || (runId === "good" && waits++ === 0) ? undefined : outcomes[runId];
      return { run: Run.fromPartial({ runId, ...(result !== undefined && { outcome: { result } }) }) };
    },
    queryRun: ({ query, payload }) => ({ answer: query === "echo" ? payload : undefined }),
    updateRun(request) {
      requests.push(request);
      return { answer: json("taken"), event: 4 };
    },
    signalRun(request) {
      requests.push(request);
      return { event: 3, awaited: [] };
    },
    deleteRun: ({ runId }) => ({ removed: runId !== "gone" }),
    cancelRun(request) {
      requests.push(request);
      return { run: Run.create() };
    },
    listRuns({ page }) {
      requests.push(page);
      const isFirst = page?.token === "";
      return {
        runs: [Run.fromPartial({ runId: isFirst ? "one" : "two" })],
        page: { nextToken: isFirst ? "more" : "", total: undefined },
        indexedTo: undefined,
      };
    },
    readHistory({ afterEvent, taskId, page }) {
      const event = page?.token === "" ? afterEvent + 1 : afterEvent + 2;
      const details = json({ output: { n: event } });
      return {
        events: [RunEvent.fromPartial({ event, type: "task_completed", taskId, details })],
        page: { nextToken: page?.token === "" ? "more" : "" },
      };
    },
    async *watchRun({ runId }) {
      yield { run: Run.fromPartial({ runId }), tasks: [], removedTaskIds: [], live: true, cursor: "1" };
      yield { run: undefined, tasks: [], removedTaskIds: [], live: true, cursor: "2" };
    },
  };
  return { ...Object.fromEntries(unserved), ...served } as RunHandlers;
}

/** A gateway in front of the same services. */
async function openGateway(address: string): Promise<HttpGateway> {
  const settings = { transport: "grpc" as const, peers: { workflow: [address] } };
  const ownership = new ClientOwnership([address]);
  const mesh = new Mesh({ settings, ownership, foundation: { logger: silentLogger } });
  return await HttpGateway.open(mesh, [runService]);
}

for (const transport of ["gRPC", "HTTP"] as const)
  describe(`a client over ${transport}`, () => {
    const requests: unknown[] = [];
    let server: Mesh;
    let gateway: HttpGateway | undefined;
    let tutti: Tutti;

    before(async () => {
      server = new Mesh({
        settings: { transport: "grpc", listen: "127.0.0.1:0" },
        foundation: { logger: silentLogger },
      });
      server.serve(runService, handlers(requests));
      await server.start();
      if (transport === "HTTP") gateway = await openGateway(server.address);
      tutti = await connect({ address: gateway?.url ?? server.address, namespace: "acme" });
    });
    after(async () => {
      await tutti?.close();
      await gateway?.close();
      await server?.stop();
    });

    it("starts a definition with input, id and labels", async () => {
      requests.length = 0;
      const run = await tutti.run("order", {
        id: "order-17",
        input: { items: [1] },
        labels: { customer: "17" },
        version: "stable",
      });
      assert.deepEqual([run.id, run.existed], ["order-17", false]);
      const [{ namespace, spec }] = requests as [{ namespace: string; spec: NonNullable<Run["spec"]> }];
      assert.equal(namespace, "acme");
      assert.deepEqual(spec.what, {
        $case: "definition",
        value: { name: "order", version: { $case: "label", value: "stable" } },
      });
      assert.deepEqual(
        [spec.labels, Buffer.from(inlineOf(spec.input)).toString()],
        [{ customer: "17" }, '{"items":[1]}'],
      );
      assert.equal((await tutti.run("order", { id: "known" })).existed, true);
    });

    it("waits until a run has ended, and returns its output", async () => {
      const output = await tutti.runs.get("good").result<{ shipped: number }>();
      assert.equal(output.shipped, 3);
    });

    it("follows a run that continued as another", async () => {
      assert.deepEqual(await tutti.runs.get("again").result(), { shipped: 3 });
    });

    it("throws the error of a run that failed", async () => {
      await assert.rejects(tutti.runs.get("bad").result(), { code: "pay.declined", message: "no money" });
    });

    it("stops waiting at its timeout", async () => {
      await assert.rejects(tutti.runs.get("slow").result({ timeoutMs: 5 }), { code: "sdk.not_ended" });
    });

    it("signals, queries, updates and cancels", async () => {
      requests.length = 0;
      const run = tutti.runs.get("order-17");
      await run.signal("paid", { cents: 5 }, { idempotencyKey: "k" });
      assert.deepEqual(await run.query("echo", [1]), [1]);
      assert.equal(await run.query("nothing"), undefined);
      assert.equal(await run.update("address", { city: "Ulm" }), "taken");
      await run.cancel("not needed");
      const received = (
        requests as { runId: string; reason?: string; signal?: string; update?: string }[]
      ).map(({ runId, signal, update, reason }) => [runId, signal ?? update ?? reason]);
      assert.deepEqual(received, [
        ["order-17", "paid"],
        ["order-17", "address"],
        ["order-17", "not needed"],
      ]);
    });

    it("lists page by page, and watches", async () => {
      const ids: string[] = [];
      for await (const { runId } of tutti.runs.list({ definition: "order" })) ids.push(runId);
      assert.deepEqual(ids, ["one", "two"]);
      // A caller that reads past the first page usually needs many entries.
      assert.deepEqual(requests.slice(-2), [
        { size: 0, token: "" },
        { size: 1_000, token: "more" },
      ]);
      const changes: (string | undefined)[] = [];
      for await (const { run } of tutti.runs.get("order-17").watch()) changes.push(run?.runId);
      assert.deepEqual(changes, ["order-17"]);
    });

    it("removes a run, or reports that it does not exist", async () => {
      assert.equal(await tutti.runs.get("order-17").remove("private"), true);
      assert.equal(await tutti.runs.get("gone").remove(), false);
    });

    it("reads events for people page by page", async () => {
      const events: unknown[] = [];
      for await (const { event, task, details } of tutti.runs
        .get("order-17")
        .events({ after: 4, taskId: "pay" }))
        events.push([event, task, details]);
      assert.deepEqual(events, [
        [5, "pay", { output: { n: 5 } }],
        [6, "pay", { output: { n: 6 } }],
      ]);
    });

    it("names the line of the caller in the stack of each error", async () => {
      const run = tutti.runs.get("good");
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        pause: async () => await run.pause(),
        schedules: async () => {
          for await (const _ of tutti.schedules.list()) assert.fail("expected an error");
        },
        result: async () => await tutti.runs.get("bad").result(),
        lock: async () => await tutti.locks.acquire("press"),
      };
      for (const [name, call] of Object.entries(calls))
        await assert.rejects(
          call,
          ({ stack = "" }: Error) => stack.includes(`client.io.ts`) || assert.fail(`${name}: ${stack}`),
        );
    });

    it("rejects a value that is not JSON before it sends a request", async () => {
      await assert.rejects(tutti.run("order", { input: { when: [1n] } }), {
        code: "sdk.not_json",
        message: /The value at input\.when\[0\] is not JSON: a bigint/,
      });
    });
  });

describe("a signal whose reply is lost", () => {
  it("is sent again under the same key, so that it takes effect once", async () => {
    const keys: string[] = [];
    const server = new Mesh({
      settings: { transport: "grpc", listen: "127.0.0.1:0" },
      foundation: { logger: silentLogger },
    });
    const signalRun: RunHandlers["signalRun"] = ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      if (keys.length === 1) gateway.server.closeAllConnections();
      return { event: 3, awaited: [] };
    };
    server.serve(runService, { ...handlers([]), signalRun });
    await server.start();
    const gateway = await openGateway(server.address);
    await using tutti = await connect({ address: gateway.url });
    await tutti.runs.get("order-17").signal("paid");
    await tutti.runs.get("order-17").signal("paid");
    await gateway.close();
    await server.stop();
    assert.match(keys[0] ?? "", /^call_/);
    assert.deepEqual([keys.length, new Set(keys).size, keys[1]], [3, 2, keys[0]]);
  });
});

function inlineOf(payload: Payload | undefined): Uint8Array {
  assert.ok(payload?.body?.$case === "inline");
  return payload.body.value;
}
