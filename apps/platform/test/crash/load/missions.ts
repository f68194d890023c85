/** Missions: claimed and offered tasks, a counter on the board, a budget in escrow, messages and a vote. */
import assert from "node:assert/strict";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import type { ClaimedTask, MissionHandle } from "@tutti/sdk/client";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const claimed = 6;
const offered = 6;
const names = ["ann", "bob"] as const;

export function missions({ tutti, effects }: Stage): LoadPart {
  const expected = new Set<string>();
  const ended: { readonly mission: MissionHandle; readonly done: readonly string[] }[] = [];

  return {
    async round(number) {
      const id = `mission-${number}`;
      const tasks = [
        ...Array.from({ length: claimed }, (_, n) => ({ id: `claimed-${n}`, uses: "by.hand" })),
        ...Array.from({ length: offered }, (_, n) => ({
          ...{ id: `offered-${n}`, uses: "crash.step", input: { tag: `${id}/offered-${n}` } },
          ...(n > 0 && { needs: [`offered-${n - 1}`] }),
        })),
      ];
      const budget = { tokens: 1_000 };
      const mission = await retryUntilDone(() => tutti.missions.start({ id, budget, tasks }));
      for (let n = 0; n < offered; n++) expected.add(`${id}/offered-${n}`);
      for (const name of names) await retryUntilDone(() => mission.join(name, { offers: ["by.hand"] }));
      const vote = { question: "Is it good?", options: ["yes", "no"] };
      await retryUntilDone(() => mission.participant("ann").votes.open("good", vote));
      const done: string[] = [];
      await Promise.all(names.map((name) => work(mission, name, done)));
      const output = (await mission.result()) as Readonly<Record<string, unknown>>;
      for (let n = 0; n < offered; n++) assert.equal(output[`offered-${n}`], `${id}/offered-${n}`);
      ended.push({ mission, done });
    },
    always: {
      "missions: no effect is doubled": () => effects.assertNoneTwice("mission-"),
    },
    atEnd: {
      "missions: each effect is there once": () => effects.assertOnce("mission-", expected),
      "missions: every task is completed, by one agent": async () => {
        for (const { mission, done } of ended) {
          const tasks = await retryUntilDone(() => mission.tasks());
          assert.ok(tasks.every(({ status }) => status === TaskStatus.TASK_STATUS_COMPLETED));
          assert.deepEqual([new Set(done).size, done.length], [claimed, claimed], mission.id);
        }
      },
      "missions: the counter on the board is the number of completed tasks": async () => {
        for (const { mission } of ended)
          assert.equal(
            (await retryUntilDone(() => mission.board.get<number>("count")))?.value,
            claimed,
            mission.id,
          );
      },
      "missions: the budget has each spending once": async () => {
        for (const { mission } of ended)
          assert.equal((await retryUntilDone(() => mission.budget.get())).spent?.tokens, claimed, mission.id);
      },
      "missions: messages have numbers without gaps, one for each task": async () => {
        for (const { mission } of ended) {
          const numbers: number[] = [];
          for await (const { number } of mission.messages.list()) numbers.push(number);
          const expected = Array.from({ length: claimed }, (_, n) => n + 1);
          assert.deepEqual(numbers, expected, mission.id);
        }
      },
      "missions: a vote has one ballot of each agent": async () => {
        for (const { mission } of ended) {
          const { ballots } = await retryUntilDone(() => mission.votes.get("good"));
          const voters = ballots.map(({ agentId }) => agentId).sort();
          assert.deepEqual(voters, names, mission.id);
        }
      },
    },
  };
}

async function work(mission: MissionHandle, name: string, done: string[]): Promise<void> {
  const agent = mission.participant(name);
  await retryUntilDone(() => agent.votes.cast("good", "yes"));
  for (let misses = 0; misses < 3; ) {
    const idempotencyKey = `${name}-${done.length}-${misses}-${performance.now()}`;
    const tasks = await retryUntilDone(() =>
      agent.claim({ waitMs: 200, idempotencyKey }).catch((error: unknown) => {
        unlessOver(error);
        return [];
      }),
    );
    if (tasks.length === 0) misses++;
    for (const task of tasks) {
      await account(mission, name, task);
      // A repeated completion is rejected because the claim has ended. Then the first completion counted.
      await retryUntilDone(() => task.complete(name).catch(unlessOver));
      done.push(task.id);
    }
  }
}

async function account(mission: MissionHandle, name: string, { id }: ClaimedTask): Promise<void> {
  const { board, budget, messages } = mission.participant(name);
  const reserved = await retryUntilDone(() =>
    budget.reserve({ tokens: 2 }, { idempotencyKey: `reserve-${id}` }),
  );
  await retryUntilDone(() => reserved.spend({ tokens: 1 }, { idempotencyKey: `spend-${id}` }));
  await retryUntilDone(() => reserved.release().catch(ignoreMissing));
  await retryUntilDone(() => messages.send("everybody", { did: id }, { idempotencyKey: `send-${id}` }));
  for (;;) {
    const now = await retryUntilDone(() => board.get<number>("count"));
    const options = { ifVersion: now?.version ?? 0, idempotencyKey: `count-${id}-${now?.version ?? 0}` };
    const { written } = await retryUntilDone(() => board.put("count", (now?.value ?? 0) + 1, options));
    if (written) return;
  }
}

/** Ignores the error if an earlier call has already ended the claim or the mission. */
function unlessOver(error: unknown): void {
  const over = ["mission.claim_lost", "mission.mission_ended"];
  if (!isTuttiError(error) || !over.includes(error.code)) throw error;
}

function ignoreMissing(error: unknown): void {
  if (!isTuttiError(error) || error.code !== "mission.reservation_missing") throw error;
}
