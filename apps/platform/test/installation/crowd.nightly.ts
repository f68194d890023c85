import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const program = fileURLToPath(new URL("../programs/crowd.ts", import.meta.url));
const capabilities = ["c0", "c1", "c2", "c3", "c4"];
const tasksPerCapability = 2_000;

const definition = `workflow: crowd
tasks:
${capabilities.map((name) => `  ${name}: {forEach: "\${{ input.items }}", uses: crowd.${name}, with: {item: "\${{ item }}"}, retry: {attempts: 5, backoff: 100ms}}`).join("\n")}
  sum: {needs: [${capabilities.join(", ")}], set: {count: "\${{ ${capabilities.map((name) => `size(tasks.${name}.output)`).join(" + ")} }}"}}
output: "\${{ tasks.sum.output.count }}"
`;

const single = (name: string, uses: string, version = "") => `workflow: ${name}
tasks: {one: {uses: ${uses}${version && `@${version}`}, with: {n: "\${{ input.n }}"}}}
output: "\${{ tasks.one.output }}"
`;

describe("fifty agents", () => {
  let installation: Installation;
  let tutti: Tutti;
  const workers: Worker[] = [];
  let visitors: ChildProcess | undefined;

  async function agent(agentId: string, slots: number, handle: (worker: Worker) => void): Promise<void> {
    const { address } = installation;
    const worker = new Worker({ address, agentId, slots, handleSignals: false }, { logger: silentLogger });
    handle(worker);
    workers.push(worker);
    await worker.start();
  }

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await connect({ address: installation.address });
  });
  after(async () => {
    visitors?.kill("SIGKILL");
    await tutti?.[Symbol.asyncDispose]();
    await Promise.all(workers.map((worker) => worker.stop()));
    await installation?.[Symbol.asyncDispose]();
  });

  it("of five capabilities do ten thousand tasks, although a process of ten is pulled away", async () => {
    await tutti.workflows.register(definition);
    let done = 0;
    for (let number = 0; number < 40; number++)
      await agent(`resident-${number}`, 4, (worker) =>
        worker.handle(`crowd.c${number % 5}`, async (input) => {
          done++;
          return input;
        }),
      );
    visitors = spawn(process.execPath, [program, installation.address], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (visitors.stdout !== null) await once(visitors.stdout, "data");
    const items = Array.from({ length: tasksPerCapability }, (_, index) => index);
    const run = await tutti.run("crowd", { input: { items } });
    // In the middle of the work.
    await until("1,000 tasks", () => done >= 1_000);
    visitors.kill("SIGKILL");
    assert.equal(await run.result(), tasksPerCapability * capabilities.length);
  });

  it("give an agent of half the speed half as many tasks, within a hundred tasks", async () => {
    await tutti.workflows.register(single("paced", "crowd.paced"));
    const counts = { quick: 0, slow: 0 };
    for (const [name, ms] of [
      ["quick", 10],
      ["slow", 20],
    ] as const)
      await agent(name, 1, (worker) =>
        worker.handle("crowd.paced", async () => {
          counts[name]++;
          await new Promise((resolve) => setTimeout(resolve, ms));
        }),
      );
    const runs = await Promise.all(
      Array.from({ length: 100 }, (_, n) => tutti.run("paced", { input: { n } })),
    );
    await Promise.all(runs.map((run) => run.result()));
    assert.equal(counts.quick + counts.slow, 100);
    // The shares are a third and two thirds. The range allows for a machine with other load.
    assert.ok(counts.slow >= 20 && counts.slow <= 46, JSON.stringify(counts));
  });

  it("of two versions execute only tasks whose range matches their version", async () => {
    for (const version of ["1.4.0", "2.1.0"])
      await agent(`of-${version}`, 4, (worker) =>
        worker.handle("crowd.versioned", async () => version, { version }),
      );
    await tutti.workflows.register(single("older", "crowd.versioned", "^1"));
    await tutti.workflows.register(single("newer", "crowd.versioned", "^2.1"));
    for (let n = 0; n < 10; n++) {
      assert.equal(await (await tutti.run("older", { input: { n } })).result(), "1.4.0");
      assert.equal(await (await tutti.run("newer", { input: { n } })).result(), "2.1.0");
    }
  });
});
