import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { testEvent } from "@tutti/bus/testing";
import type { Readiness } from "@tutti/kernel";
import { freePort, natsAccount, natsServerProgram } from "@tutti/nats/testing";
import { ask, openHost, serviceOf, startHost } from "./fixture.ts";

const program = await natsServerProgram();

describe("ServiceHost with NATS", { skip: program.skip }, () => {
  let flags: readonly string[];
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    const account = await natsAccount();
    flags = ["--bus.transport=nats", ...account.flags];
    environment = account.environment;
  });

  it("carries events from one process to another when the configuration says so", async () => {
    await using one = await startHost({ flags, environment });
    await using other = await startHost({ flags, environment });
    const heard = Promise.withResolvers<string>();
    await using _subscription = await other.bus.subscribe({
      pattern: "tutti.test.>",
      handle: { each: ({ subject }) => heard.resolve(subject) },
    });
    await one.bus.publish([testEvent({ namespace: "default" })]);
    assert.equal(await heard.promise, "thing_1");
  });

  it("connects before any service starts that asked for it", async () => {
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

  it("waits for NATS, alive and not ready and saying so, and stops at once when told to", async () => {
    const port = await freePort();
    const host = await openHost({ flags: ["--bus.transport=nats", `--nats.servers=127.0.0.1:${port}`] });
    const tried = new Promise<void>((resolve) =>
      host.on("componentStarted", ({ component }) => component === "operations" && resolve()),
    );
    const started = host.start();
    started.catch(() => {});
    await tried;
    const [liveStatus] = await ask(host, "/livez");
    const [readyStatus, { problems }] = await ask<Readiness>(host, "/readyz");
    await host.stop();
    assert.deepEqual([liveStatus, readyStatus], [200, 503]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is starting, just now `nats`" }]);
    await assert.rejects(started, { code: "lifecycle.start_aborted" });
  });
});
