/**
 * A source of runs under kills of the worker, the platform and the source system. The worker starts the runs and executes
 * their tasks.
 *
 * 1. Each message starts one run. None is lost, none starts twice.
 * 2. The task of a run takes effect once.
 * 3. A message that cannot start a run has the reason, and stops no other message.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { freePort } from "@tutti/nats/testing";
import { connect, type Tutti } from "@tutti/sdk/client";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const worker = fileURLToPath(new URL("../programs/source-worker.ts", import.meta.url));
const source = `
workflow: order
input: {schema: {type: object, required: [n], properties: {n: {type: string, pattern: "^[0-9]+$"}}}}
tasks: {count: {uses: shop.count, with: {n: "\${{ input.n }}"}}}
`;
const status = `
workflow: status
tasks: {read: {uses: shop-orders.status}}
output: "\${{ tasks.read.output }}"
`;

/** The system that sends the messages. */
export interface SourceSystem extends AsyncDisposable {
  readonly url: string;
  /** More variables of the worker. */
  readonly environment?: Readonly<Record<string, string>>;
  kill(): Promise<void>;
  up(): Promise<void>;
  send(messages: readonly string[]): Promise<void>;
  /** Returns how often the task of each message took effect. */
  effects(): Promise<ReadonlyMap<string, number>>;
  /** Returns the reasons of messages that could not start a run. */
  failures(): Promise<readonly string[]>;
}

export interface SourceLoad {
  readonly name: string;
  /** The kind of source that the worker program reads. */
  readonly kind: string;
  readonly messages: number;
  /** Processes that are killed one after the other, while messages are processed. */
  readonly kills: readonly ("worker" | "platform" | "system")[];
  readonly skip: string | false;
  system(): Promise<SourceSystem>;
}

export function describeSource({ name, kind, messages, kills, skip, ...load }: SourceLoad): void {
  describe(name, { skip }, () => {
    let folder: Folder;
    let platform: Service;
    let system: SourceSystem;
    let tutti: Tutti;
    let working: TestProcess | undefined;
    let workers = 0;
    let address = "";

    const launchPlatform = () =>
      start("platform", [`--platform.dataDirectory=${folder.path}`, `--mesh.listen=${address}`]);
    const launchWorker = () =>
      new TestProcess({
        program: worker,
        arguments: [address, `shop-${++workers}`, kind],
        environment: { SHOP_URL: system.url, ...system.environment },
      });
    const effects = () => system.effects().catch(() => new Map<string, number>());

    before(async () => {
      folder = await makeFolder();
      address = `127.0.0.1:${await freePort()}`;
      [system, platform] = await Promise.all([load.system(), launchPlatform()]);
      tutti = await connect({ address });
      await tutti.workflows.register(source);
      await tutti.workflows.register(status);
    });
    after(async () => {
      await tutti?.close();
      await working?.kill();
      await platform?.stop();
      await system?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    it(`${messages} messages start ${messages} runs, each once, across ${kills.length} kills`, async () => {
      working = launchWorker();
      await working.wrote(/linked/);
      const all = Array.from({ length: messages }, (_, n) => String(n));
      await system.send(all);
      for (const [index, victim] of kills.entries()) {
        const enough = Math.floor((messages * (index + 1)) / (kills.length + 1));
        await until(`${enough} effects`, async () => (await effects()).size >= enough);
        if (victim === "worker") {
          await working.kill();
          working = launchWorker();
        } else if (victim === "platform") {
          await platform.kill();
          platform = await launchPlatform();
        } else {
          await system.kill();
          await system.up();
        }
      }
      await until("all effects", async () => (await effects()).size === messages);
      const found = await system.effects();
      assert.deepEqual(
        [...found].filter(([, times]) => times !== 1),
        [],
      );
      const runs = async () => {
        const ids = new Set<string>();
        for await (const { runId } of tutti.runs.list({ definition: "order" })) ids.add(runId);
        return ids;
      };
      // Right after a restart, the list is still being filled.
      await until("all runs are listed", async () => (await runs()).size >= messages);
      const ids = await runs();
      assert.equal(ids.size, messages);
      for (const id of ids) assert.match(id, /^shop-orders-/);
      const readStatus = async () => ({ ...((await tutti.execute("status")) as object) });
      await until("all are acknowledged", async () => {
        const { waiting, pending = 0 } = (await readStatus()) as { waiting: number; pending?: number };
        return waiting === 0 && pending === 0;
      });
    });

    it("a message that cannot start has the reason, and stops no other message", async () => {
      await system.send(["no number", String(messages)]);
      const [reason = ""] = await until("the message is refused", async () => {
        const failures = await system.failures();
        return failures.length > 0 ? failures : undefined;
      });
      assert.match(reason, /does not match the schema .*\bn\b|no number/);
      await until("the other one has started", async () => (await effects()).size === messages + 1);
      working?.signal("SIGTERM");
      assert.equal((await working?.waitForExit())?.code, 0, working?.output);
    });
  });
}
