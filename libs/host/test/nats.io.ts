import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { testEvent } from "@tutti/bus/testing";
import type { Readiness } from "@tutti/kernel";
import { freePort, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { fetchJson, openHost, serviceOf, startHost } from "./fixture.ts";

const program = await natsServerProgram();

describe("ServiceHost with NATS", { skip: program.skip }, () => {
  let flags: readonly string[];
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    const account = await natsAccount();
    flags = ["--bus.transport=nats", ...account.flags];
    environment = account.environment;
  });

  it("carries events between processes if configured", async () => {
    await using one = await startHost({ flags, environment });
    await using other = await startHost({ flags, environment });
    const received = Promise.withResolvers<string>();
    await using _subscription = await other.bus.subscribe({
      pattern: "tutti.test.>",
      handle: { each: ({ subject }) => received.resolve(subject) },
    });
    await one.bus.publish([testEvent({ namespace: "default" })]);
    assert.equal(await received.promise, "thing_1");
  });

  it("connects before the start of any service that requested NATS", async () => {
    let state = "";
    const desk = serviceOf("desk", async (host) => {
      const connection = await host.nats();
      return {
        start: () => {
          state = connection.state.kind;
        },
      };
    });
    await using host = await startHost({ services: [desk], flags: flags.slice(1), environment });
    assert.equal(state, "connected");
    assert.equal(host.has("nats"), true);
  });

  it("waits for NATS alive but not ready, reports it, and stops at once on request", async () => {
    const port = await freePort();
    const host = await openHost({ flags: ["--bus.transport=nats", `--nats.servers=127.0.0.1:${port}`] });
    const operationsStarted = new Promise<void>((resolve) =>
      host.on("componentStarted", ({ component }) => component === "operations" && resolve()),
    );
    const started = host.start();
    started.catch(() => {});
    await operationsStarted;
    const [liveStatus] = await fetchJson(host, "/livez");
    const [readyStatus, { problems }] = await fetchJson<Readiness>(host, "/readyz");
    await host.stop();
    assert.deepEqual([liveStatus, readyStatus], [200, 503]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is starting, just now `nats`" }]);
    await assert.rejects(started, { code: "lifecycle.start_aborted" });
  });
});
