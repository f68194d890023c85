import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimedTask, type Completion } from "@tutti/contracts/agent/v1";
import { Inbox } from "@tutti/contracts/swarm/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import { Run } from "@tutti/contracts/workflow/v1";
import { TuttiError } from "@tutti/kernel";
import { recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { InboxAgent, type InboxAgentParts } from "./inbox-agent.ts";

const full = (retry: "never" | "same-key") =>
  new TuttiError({ code: "workflow.full", message: "full", status: "RESOURCE_EXHAUSTED", retry });

/** An inbox with one task. Its runs end when they are answered or withdrawn. */
function openInbox(terms: Parameters<typeof Inbox.fromPartial>[0] = {}) {
  const time = new VirtualTime();
  const ends = new Map<string, PromiseWithResolvers<Run>>();
  const opened: string[] = [];
  const completed: Completion["outcome"][] = [];
  const refusals: Error[] = [];
  const withdrawals: string[] = [];
  const refusedWithdrawals: Error[] = [];
  const task = ClaimedTask.fromPartial({ token: "ab", work: { kind: "run", id: "order-1", task: "check" } });
  const ended = (runId: string, result: object) =>
    ends.get(runId)?.resolve(Run.fromPartial({ runId, outcome: { result } as never }));
  const runs: InboxAgentParts["runs"] = {
    async open(_namespace, { people }) {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      const runId = `${people.join("+")}-${opened.length + 1}`;
      opened.push(runId);
      ends.set(runId, Promise.withResolvers());
      return { runId, sinceMs: time.now(), step: 0 };
    },
    waitForEnd: (_namespace, runId) => (ends.get(runId) as PromiseWithResolvers<Run>).promise,
    async withdraw(_namespace, runId, reason) {
      const refusal = refusedWithdrawals.shift();
      if (refusal !== undefined) throw refusal;
      withdrawals.push(reason);
      ended(runId, { $case: "cancelled", value: {} });
      return true;
    },
  };
  let isClaimed = false;
  const polls: InboxAgentParts["polls"] = {
    async claim(_request, { signal }) {
      if (isClaimed) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      isClaimed = true;
      return { tasks: signal.aborted ? [] : [task], retryAfterMs: 0 };
    },
    async complete({ completions }) {
      completed.push(...completions.map(({ outcome }) => outcome));
      return { receipts: [] };
    },
    renew: ({ renewals }) => ({
      receipts: renewals.map(({ token }) => ({ token, leaseMs: 60_000, reason: "" })),
    }),
    removeAgent() {},
  };
  const chance = seededChance(1);
  const ports = { timers: time, clock: time, chance, logger: recordingLogger() };
  const agent = new InboxAgent(
    { polls, runs, ...ports, namespace: "shop", pool: "people" },
    Inbox.fromPartial({ inboxId: "desk", people: ["ann"], capabilities: [{ name: "check" }], ...terms }),
  );
  const answer = async (runId: string) => {
    ended(runId, { $case: "completed", value: {} });
    await time.advanceAsync(60_000);
  };
  const fail = async (runId: string, message: string) => {
    ended(runId, { $case: "failed", value: ErrorDetail.fromPartial({ message }) });
    await time.advanceAsync(60_000);
  };
  return { agent, time, opened, completed, refusals, withdrawals, refusedWithdrawals, answer, fail };
}

describe("a task of an inbox", () => {
  it("is completed by its people after a failed delegation", async () => {
    const { agent, time, opened, completed, refusals, answer } = openInbox();
    agent.start();
    await time.advanceAsync(1_000);
    refusals.push(full("never"));
    await assert.rejects(agent.delegate("ann-1", ["ben"], "holiday"), /full/);
    await time.advanceAsync(60_000);
    assert.deepEqual(opened, ["ann-1", "ann-2"]);
    await answer("ann-2");
    assert.deepEqual(
      completed.map((outcome) => outcome?.$case),
      ["output"],
    );
    agent.stop();
  });

  it("is left to the next owner of its pool if it is claimed while the inbox stops", async () => {
    const { agent, time, opened } = openInbox();
    agent.start();
    agent.stop();
    await time.advanceAsync(1_000);
    assert.deepEqual([opened, agent.openTasks, time.pending], [[], 0, 0]);
  });

  it("escalates with the time as the reason, also if that fails at first", async () => {
    const escalation = [{ afterMs: 14_400_000, people: ["ben"] }];
    const { agent, time, opened, withdrawals, refusedWithdrawals } = openInbox({ escalation });
    agent.start();
    await time.advanceAsync(1_000);
    refusedWithdrawals.push(full("same-key"), full("same-key"));
    await time.advanceAsync(14_500_000);
    assert.deepEqual([opened, withdrawals], [["ann-1", "ben-2"], ["no answer within 4 h"]]);
    agent.stop();
  });

  const failures = [
    [
      "The approval of task `answer` was not decided within 2m. Retry the task to ask again, or raise `within`.",
      "Task `check` in the inbox `desk` was not decided within 2m. Retry the task to ask again, or raise `withinMs` of the inbox.",
    ],
    ["Task `answer` was rejected by ann: no", "Task `check` was rejected by ann: no"],
  ] as const;
  for (const [message, expected] of failures)
    it(`fails with an error that names the task: ${expected}`, async () => {
      const { agent, time, completed, fail } = openInbox();
      agent.start();
      await time.advanceAsync(1_000);
      await fail("ann-1", message);
      const [outcome] = completed;
      assert.equal(outcome?.$case === "failed" && outcome.value.message, expected);
      agent.stop();
    });

  it("waits while a limit is reached", async () => {
    const { agent, time, opened, completed, refusals } = openInbox();
    refusals.push(full("same-key"));
    agent.start();
    await time.advanceAsync(60_000);
    assert.deepEqual([opened, completed], [["ann-1"], []]);
    agent.stop();
  });
});
