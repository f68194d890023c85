/** The platform is killed with -9 in the middle of a mission, again and again: it goes on, and nothing counts twice. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { type ClaimedTask, connect, type MissionHandle } from "@tutti/sdk/client";
import { insist, startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const kills = 3;
const claimed = 30;
const offered = 30;

describe("a mission under kill -9", () => {
  it("goes on where it was: every task is done once, every count is right, no budget is overrun", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const worker = new Worker({ address, handleSignals: false });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    await worker.start();
    const tutti = await connect({ address });
    try {
      const mission = await tutti.missions.start({
        id: "survivor",
        budget: { tokens: 1_000 },
        tasks: [
          ...Array.from({ length: claimed }, (_, n) => ({ id: `claimed-${n}`, uses: "by.hand" })),
          ...Array.from({ length: offered }, (_, n) => ({
            ...{ id: `offered-${n}`, uses: "number.double", input: { n } },
            ...(n > 0 && { needs: [`offered-${n - 1}`] }),
          })),
        ],
      });
      const done: string[] = [];
      let restarting: Promise<void> | undefined;
      const agents = ["ann", "bob"].map((name) => work(mission, name, done));
      for (let kill = 1; kill <= kills; kill++) {
        const wanted = Math.floor((claimed * kill) / (kills + 1));
        while (done.length < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
        restarting = (async () => {
          await platform.kill();
          platform = await startAt(folder.path, address);
        })();
        await restarting;
      }
      await Promise.all(agents);
      const output = (await insist(() => mission.result())) as Readonly<Record<string, unknown>>;

      assert.deepEqual(
        Array.from({ length: offered }, (_, n) => output[`offered-${n}`]),
        Array.from({ length: offered }, (_, n) => n * 2),
      );
      const tasks = await insist(() => mission.tasks());
      assert.ok(tasks.every(({ status }) => status === TaskStatus.TASK_STATUS_COMPLETED));
      // Each agent counted what it ended, by compare-and-set; each spent one token for it under one key.
      const counts = await insist(() => mission.board.get<number>("count"));
      assert.deepEqual([new Set(done).size, done.length, counts?.value], [claimed, claimed, claimed]);
      assert.equal((await insist(() => mission.budget.get())).spent?.tokens, claimed);
      const said: number[] = [];
      for await (const { number } of mission.messages.list()) said.push(number);
      assert.deepEqual(
        said,
        Array.from({ length: claimed }, (_, n) => n + 1),
      );
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});

async function work(mission: MissionHandle, name: string, done: string[]): Promise<void> {
  const agent = await insist(() => mission.join(name, { offers: ["by.hand"] }));
  for (let misses = 0; misses < 3; ) {
    const key = `${name}-${done.length}-${misses}-${performance.now()}`;
    const tasks = await insist(() =>
      agent.claim({ waitMs: 200, idempotencyKey: key }).catch((error: unknown) => {
        unlessOver(error);
        return [];
      }),
    );
    if (tasks.length === 0) misses++;
    for (const task of tasks) {
      await account(mission, name, task);
      // A second time is refused, because the claim no longer holds: then the first one counted.
      await insist(() => task.complete(name).catch(unlessOver));
      done.push(task.id);
    }
  }
}

async function account(mission: MissionHandle, name: string, { id }: ClaimedTask): Promise<void> {
  const { board, budget, messages } = mission.participant(name);
  const reserved = await insist(() => budget.reserve({ tokens: 2 }, { idempotencyKey: `reserve-${id}` }));
  await insist(() => reserved.spend({ tokens: 1 }, { idempotencyKey: `spend-${id}` }));
  await insist(() => reserved.giveBack().catch(unlessGone));
  await insist(() => messages.send("everybody", { did: id }, { idempotencyKey: `send-${id}` }));
  for (;;) {
    const now = await insist(() => board.get<number>("count"));
    const wanted = { ifVersion: now?.version ?? 0, idempotencyKey: `count-${id}-${now?.version ?? 0}` };
    const { written } = await insist(() => board.put("count", (now?.value ?? 0) + 1, wanted));
    if (written) return;
  }
}

/** The claim, or the mission, has ended by what was said before. */
function unlessOver(error: unknown): void {
  const over = ["mission.claim_lost", "mission.mission_ended"];
  if (!isTuttiError(error) || !over.includes(error.code)) throw error;
}

function unlessGone(error: unknown): void {
  if (!isTuttiError(error) || error.code !== "mission.reservation_missing") throw error;
}
