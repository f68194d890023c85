/** A provider with limited concurrency: workers in TypeScript and Python get fewer tasks automatically, later more. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { agentService, GetAgentRequest } from "@tutti/contracts/swarm/v1";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { needsProgram } from "../../../../tools/programs.mjs";
import { TestProcess } from "../support/process.ts";
import { Installation } from "./installation.ts";

const slots = 8;
const tasks = 100;
const python = await needsProgram("python3");
const pythonWorker = `
import sys, urllib.request
from tutti import Worker

worker = Worker(sys.argv[1], agent_id="asker-python", slots=${slots})

@worker.handle("ask.python")
def ask(given, context):
    with urllib.request.urlopen(sys.argv[2]) as answer:
        return answer.read().decode()

worker.run()
`;
const definition = (name: string) => `workflow: ask-${name}
tasks: {ask: {forEach: "\${{ input.items }}", uses: ask.${name}}}
output: "\${{ tasks.ask.output }}"
`;

/** Answers on command, and rejects requests beyond its capacity immediately with 429. */
class Provider implements AsyncDisposable {
  readonly #pending: ServerResponse[] = [];
  readonly #server = createServer((_, response) => {
    if (this.#pending.length >= this.room) {
      this.refused++;
      response.writeHead(429).end();
    } else {
      this.#pending.push(response);
      if (this.isOpen) setImmediate(() => this.respond());
    }
  });
  room = 2;
  refused = 0;
  /** True if it answers without a command. */
  isOpen = false;

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Returns the number of requests in progress. */
  get pending(): number {
    return this.#pending.length;
  }

  respond(): void {
    this.#pending.shift()?.end("asked");
  }

  /** Answers all waiting and all later requests. */
  resume(): void {
    this.isOpen = true;
    while (this.pending > 0) this.respond();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

describe("a provider that answers 429 above its limit", () => {
  let installation: Installation;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await connect({ address: installation.address });
  });
  after(async () => {
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  const agentOf = async (agentId: string) =>
    (await installation.host.mesh.client(agentService).getAgent(GetAgentRequest.fromPartial({ agentId })))
      .agent;

  async function slowsDown(
    name: string,
    startWorker: (address: string, url: string) => Promise<AsyncDisposable>,
  ) {
    await using provider = new Provider();
    const url = await provider.open();
    await using _worker = await startWorker(installation.address, url);
    await tutti.workflows.register(definition(name));
    const items = Array.from({ length: tasks }, (_, item) => item);
    const run = await tutti.run(`ask-${name}`, { input: { items } });
    // The worker gets no more tasks than the provider accepts, although it has free slots and tasks wait.
    await until("it to have been refused", () => provider.refused > 0);
    await until("the worker to have no more than the provider takes", async () => {
      const agent = await agentOf(`asker-${name}`);
      return provider.pending === provider.room && agent?.attempts === provider.room;
    });
    const { candidates, summary } = await until(
      "why the others wait",
      () => run.why(`ask[${tasks - 1}]`),
      (explanation) => explanation.candidates.some(({ reason }) => /reported that it is busy/.test(reason)),
    );
    assert.equal(candidates[0]?.id, `asker-${name}`, summary);

    // Accepted requests complete. A rejected request does not count as an attempt.
    provider.resume();
    assert.deepEqual(
      await run.result(),
      items.map(() => "asked"),
    );
    assert.ok((await run.tasks()).every(({ attemptCount }) => attemptCount <= 1));

    // When the provider has room for all slots, the worker gets as many tasks as it has slots.
    provider.room = slots;
    provider.isOpen = false;
    const second = await tutti.run(`ask-${name}`, { input: { items } });
    await until("all slots to be in use again", () => {
      if (provider.pending < slots) provider.respond();
      return provider.pending === slots;
    });
    provider.resume();
    await second.result();
  }

  it("slows its queue down, and speeds it up again: a worker in TypeScript", () =>
    slowsDown("typescript", async (address, url) => {
      const worker = new Worker(
        { address, agentId: "asker-typescript", slots, handleSignals: false },
        { logger: silentLogger },
      );
      worker.handle("ask.typescript", async () => {
        const answer = await fetch(url);
        if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
        return answer.text();
      });
      await worker.start();
      return { [Symbol.asyncDispose]: () => worker.stop() };
    }));

  it("slows its queue down, and speeds it up again: a worker in Python", { skip: python.skip }, () =>
    slowsDown(
      "python",
      async (address, url) =>
        new TestProcess({
          program: python.path,
          arguments: ["-c", pythonWorker, address, url],
          environment: { PYTHONPATH: new URL("../../../../sdk/python/src", import.meta.url).pathname },
        }),
    ),
  );
});
