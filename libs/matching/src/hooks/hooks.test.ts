import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hook, HookFailure, HookMoment, HookRetry, HookVerdict } from "@tutti/contracts/swarm/v1";
import { ErrorDetail, type Explanation, RetryClass, WaitCause } from "@tutti/contracts/types/v1";
import type { HookQuestion } from "../api/hooks.ts";
import { Arena, tokenOf } from "../testing/arena.ts";
import { compileHook } from "./compile.ts";

const {
  HOOK_MOMENT_BEFORE_ASSIGN,
  HOOK_MOMENT_AFTER_ASSIGN,
  HOOK_MOMENT_BEFORE_RESULT,
  HOOK_MOMENT_AFTER_RESULT,
  HOOK_MOMENT_BEFORE_FAILURE,
} = HookMoment;

type HookInput = Parameters<typeof Hook.fromPartial>[0];

const before = (hookId: string, input: HookInput): HookInput => ({
  hookId,
  moment: HOOK_MOMENT_BEFORE_ASSIGN,
  ...input,
});
const rule = (verdict: Parameters<typeof HookVerdict.fromPartial>[0]): NonNullable<HookInput["action"]> => ({
  $case: "rule",
  value: { verdict },
});
const blocking = (timeoutMs = 500): NonNullable<HookInput["action"]> => ({
  $case: "listener",
  value: { blocking: true, timeoutMs },
});

/** Returns a pool with hooks, and the external service that they ask. */
function hooked(...hooks: readonly HookInput[]) {
  const arena = new Arena();
  const requests: HookQuestion[] = [];
  const set = (...inputs: readonly HookInput[]) => {
    const compiled = inputs.map((input) => {
      const { hook, problems } = compileHook(Hook.fromPartial(input));
      assert.deepEqual(problems, undefined);
      assert.ok(hook !== undefined);
      return hook;
    });
    arena.pool.setHooks(compiled, { send: (questions) => void requests.push(...questions) });
  };
  set(...hooks);
  const answer = (
    question: HookQuestion | undefined,
    input: Parameters<typeof HookVerdict.fromPartial>[0],
  ) => {
    const verdict = HookVerdict.fromPartial(input);
    arena.pool.answerHooks([{ number: question?.number ?? 0, verdict, problem: "" }], arena.nowMs);
    arena.turn();
  };
  const explain = (number: number): Explanation => {
    const work = { namespace: "default", kind: "run", id: "run-1", task: `t${number}` };
    const found = arena.pool.explainWork(work, arena.nowMs);
    assert.ok(found !== undefined);
    return found;
  };
  const summaries = (number: number) => explain(number).parts.map(({ summary }) => summary);
  return { arena, requests, set, answer, explain, calls: summaries };
}

describe("rules before a task is assigned", () => {
  it("deny one task, reorder another and label a third, and the explanation shows each", () => {
    const { arena, explain, calls } = hooked(
      before("no-nights", {
        when: 'has(task.labels.shift) && task.labels.shift == "night"',
        action: rule({ deny: { message: "no work at night" }, reason: "the house rules" }),
      }),
      before("gold-first", {
        when: 'has(task.labels.tier) && task.labels.tier == "gold"',
        action: rule({ priority: "task.priority + 10", reason: "gold goes first" }),
      }),
      before("mark", {
        when: 'task.id == "t3"',
        action: rule({ labels: { seen: "yes", what: "${{ task.capability }}" } }),
      }),
    );
    const sender = arena.sender();
    sender.offer(1, {}, { labels: [{ name: "shift", value: "night" }] });
    sender.offer([2, 3]);
    sender.offer(4, {}, { labels: [{ name: "tier", value: "gold" }] });
    arena.turn();
    assert.deepEqual(sender.returned, [1]);
    assert.deepEqual(
      sender.received.returned.map(({ error }) => [error?.code, error?.message, error?.details["hook"]]),
      [["matching.denied_by_hook", "no work at night", "no-nights"]],
    );
    assert.equal(explain(1).summary, "It was denied by the hook no-nights: no work at night.");
    assert.deepEqual(calls(1), ["The hook no-nights: it denied it: the house rules."]);
    assert.deepEqual(calls(4), [
      "The hook gold-first: it changed the priority from 0 to 10: gold goes first.",
    ]);

    const agent = arena.agent("a", { slots: 9 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [4, 2, 3]);
    assert.deepEqual(
      agent.assigned.map(({ labels }) => labels.map(({ name, value }) => `${name}=${value}`)),
      [["tier=gold"], [], ["seen=yes", "what=work"]],
    );
    assert.deepEqual(calls(3), [
      "The hook mark: it added the label seen=yes.",
      "The hook mark: it added the label what=work.",
    ]);
  });

  it("see the changes of earlier rules", () => {
    const { arena } = hooked(
      before("first", { action: rule({ priority: "5", labels: { tier: "gold" } }) }),
      before("second", {
        when: 'task.priority == 5 && task.labels["tier"] == "gold"',
        action: rule({ labels: { tier: "platinum" } }),
      }),
    );
    arena.sender().offer(1);
    const agent = arena.agent("a");
    arena.turn();
    assert.deepEqual(agent.assigned[0]?.labels, [{ name: "tier", value: "platinum" }]);
  });

  it("delay a task for a time, or until they are evaluated again", () => {
    const later = { message: "not yet", retry: RetryClass.RETRY_CLASS_SAME_KEY, retryAfterMs: 1_000 };
    const { arena, explain } = hooked(
      before("pause", { when: 'task.id == "t1"', action: rule({ delayMs: 300, reason: "slowly" }) }),
      before("later", { when: 'task.id == "t2" && task.waited_ms < 1500.0', action: rule({ deny: later }) }),
    );
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    sender.offer([1, 2, 3]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3]);
    const [wait] = explain(1).waits;
    assert.deepEqual(
      [wait?.cause, wait?.subject, wait?.message],
      [WaitCause.WAIT_CAUSE_HOOK, "pause", "the hook pause holds it: slowly"],
    );
    arena.pass(300);
    assert.deepEqual(agent.taskNumbers, [3, 1]);
    arena.pass(1_000);
    assert.deepEqual(agent.taskNumbers, [3, 1]);
    arena.pass(700);
    assert.deepEqual(agent.taskNumbers, [3, 1, 2]);
    assert.deepEqual(sender.returned, []);
  });

  it("that fail are skipped, or deny or hold the task, as configured", () => {
    const bad = { when: 'int(task.labels["size"]) > 1', action: rule({ priority: "1" }) };
    const { arena, calls } = hooked(
      before("passed", { ...bad, onFailure: HookFailure.HOOK_FAILURE_PASS }),
      before("denies", {
        ...bad,
        when: `task.id == "t2" && ${bad.when}`,
        onFailure: HookFailure.HOOK_FAILURE_DENY,
      }),
      before("holds", {
        ...bad,
        when: `task.id == "t3" && ${bad.when}`,
        onFailure: HookFailure.HOOK_FAILURE_HOLD,
      }),
    );
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    const labels = [{ name: "size", value: "large" }];
    sender.offer([1, 2, 3], {}, { labels });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.deepEqual(sender.returned, [2]);
    assert.match(calls(1)[0] ?? "", /^The hook passed: it failed: .*, and was passed over\.$/);
    assert.match(
      sender.received.returned[0]?.error?.message ?? "",
      /^the hook denies has to agree, and it failed: /,
    );
    arena.pass(10_000);
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.equal(calls(3).filter((text) => text.startsWith("The hook holds")).length, 4);
  });

  it("can be replaced while tasks wait: the new rules decide about blocked tasks", () => {
    const { arena, set } = hooked(before("pause", { action: rule({ delayMs: 60_000 }) }));
    arena.sender().offer([1, 2]);
    const agent = arena.agent("a", { slots: 9 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, []);
    set(before("first", { when: 'task.id == "t2"', action: rule({ priority: "3" }) }));
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [2, 1]);
  });
});

/** The pool moved: the task is offered here, a hook holds it, and the agent that runs it joins again. */
describe("a task that its agent is running while a hook holds it", () => {
  const actions = {
    "for a time": rule({ delayMs: 60_000 }),
    "until an answer": blocking(60_000),
  };
  for (const [title, action] of Object.entries(actions))
    for (const isDisconnected of [false, true])
      it(`${title} continues, and its result reaches its sender${isDisconnected ? " that was away meanwhile" : ""}`, () => {
        const { arena, set } = hooked(before("guard", { action }));
        const first = arena.sender();
        first.offer(1);
        arena.turn();
        if (isDisconnected) first.stream.close(arena.nowMs);
        const agent = arena.agent("a", { running: [tokenOf(1)] });
        set(before("late", { action: rule({ deny: { message: "too late" } }) }));
        arena.turn();
        assert.deepEqual([first.returned, agent.cancelled], [[], []]);
        agent.sendResult(1);
        if (!isDisconnected) first.stream.close(arena.nowMs);
        arena.turn();
        const second = arena.sender("workflow-1b");
        second.offer(1);
        arena.turn();
        assert.deepEqual(second.results, [[1, "inlineOutput"]]);
        assert.deepEqual(agent.taskNumbers, []);
        second.durable(1);
        arena.turn();
        assert.equal(agent.durable, 1);
      });

  it("does not wait for a verdict when its agent returns it, because the hooks agreed before", () => {
    const { arena } = hooked(before("guard", { action: rule({ delayMs: 60_000 }) }));
    arena.sender().offer(1);
    arena.turn();
    const agent = arena.agent("a", { running: [tokenOf(1)] });
    agent.busy(1);
    const other = arena.agent("b");
    arena.turn();
    assert.deepEqual(other.taskNumbers, [1]);
  });
});

describe("an outside party that decides", () => {
  it("keeps a task waiting until it answers, while other tasks continue", () => {
    const { arena, requests, answer, explain } = hooked(
      before("guard", { when: 'task.id != "t3"', action: blocking() }),
    );
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    sender.offer([1, 2, 3]);
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [3]);
    assert.deepEqual(
      requests.map(({ work, timeoutMs }) => [work.task, timeoutMs]),
      [
        ["t1", 500],
        ["t2", 500],
      ],
    );
    assert.equal(explain(1).waits[0]?.message, "the hook guard holds it: it has not answered yet");
    assert.equal(arena.pool.queued(10, arena.nowMs).length, 2);
    answer(requests[1], {});
    assert.deepEqual(agent.taskNumbers, [3, 2]);
    answer(requests[0], { deny: { message: "no" } });
    assert.deepEqual(sender.returned, [1]);
    answer(requests[0], {});
    assert.deepEqual(agent.taskNumbers, [3, 2]);
  });

  it("that does not answer in time has failed", () => {
    const { arena, requests, calls } = hooked(before("guard", { action: blocking(200) }));
    arena.sender().offer(1);
    const agent = arena.agent("a");
    arena.turn();
    assert.equal(requests.length, 1);
    arena.pass(200);
    assert.deepEqual(agent.taskNumbers, [1]);
    assert.deepEqual(calls(1), [
      "The hook guard: it failed: it did not answer within 200 ms, and was passed over.",
    ]);
  });

  it("is forgotten with the task: cancelled, timed out in the queue, or offered again by another stream", () => {
    const { arena, requests, answer } = hooked(before("guard", { action: blocking(60_000) }));
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 9 });
    sender.offer(1);
    sender.offer(2, { timeouts: { queueMs: 100 } });
    sender.offer(3);
    arena.turn();
    sender.request({ cancels: [{ token: tokenOf(1) }] });
    arena.pass(100);
    assert.deepEqual(sender.returned, [2]);
    sender.stream.close(arena.nowMs);
    arena.turn();
    for (const question of requests) answer(question, {});
    assert.deepEqual(agent.taskNumbers, []);
    arena.sender("workflow-2").offer(3);
    arena.turn();
    assert.equal(requests.length, 4);
    answer(requests[3], {});
    assert.deepEqual(agent.taskNumbers, [3]);
  });

  it("is asked again when its task is offered again, and an earlier answer does not count", () => {
    const guards = [
      before("first", { action: blocking(60_000) }),
      before("second", { action: blocking(60_000) }),
    ];
    const { arena, requests, answer, set } = hooked(...guards);
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    sender.stream.close(arena.nowMs);
    set(...guards);
    arena.turn();
    answer(requests[1], {});
    const late = requests[2];
    assert.equal(late?.hookId, "second");
    arena.sender("workflow-1b").offer(1);
    arena.turn();
    answer(late, {});
    assert.deepEqual([requests.length, agent.taskNumbers], [4, []]);
    answer(requests[3], {});
    answer(requests[4], {});
    assert.deepEqual(
      [requests.slice(3).map(({ hookId }) => hookId), agent.taskNumbers],
      [["first", "second"], [1]],
    );
  });

  it("is only notified if no task waits for it", () => {
    const { arena, requests } = hooked(
      { hookId: "watcher", moment: HOOK_MOMENT_AFTER_ASSIGN, action: { $case: "listener", value: {} } },
      { hookId: "ends", moment: HOOK_MOMENT_AFTER_RESULT, action: { $case: "listener", value: {} } },
    );
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(
      requests.map(({ hookId, agentId, number }) => [hookId, agentId, number]),
      [
        ["watcher", "a", 0],
        ["ends", "a", 0],
      ],
    );
    assert.equal(requests[1]?.outcome?.result?.$case, "completed");
  });
});

describe("hooks before a result counts", () => {
  it("turn a result into a failure, and hooks before a failure then decide about it", () => {
    const { arena } = hooked(
      {
        hookId: "checked",
        moment: HOOK_MOMENT_BEFORE_RESULT,
        action: rule({ deny: { code: "shop.unchecked", message: "it was not reviewed" } }),
      },
      {
        hookId: "again",
        moment: HOOK_MOMENT_BEFORE_FAILURE,
        when: 'result.code == "shop.unchecked"',
        action: rule({ retry: HookRetry.HOOK_RETRY_AGAIN, delayMs: 2_000 }),
      },
    );
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    const [result] = sender.received.results;
    assert.ok(result?.outcome?.$case === "failed");
    const { code, retry, retryAfterMs } = result.outcome.value;
    assert.deepEqual([code, retry, retryAfterMs], ["shop.unchecked", RetryClass.RETRY_CLASS_SAME_KEY, 2_000]);
  });

  it("prevent the retry of a failure", () => {
    const { arena } = hooked({
      hookId: "never",
      moment: HOOK_MOMENT_BEFORE_FAILURE,
      action: rule({ retry: HookRetry.HOOK_RETRY_NEVER }),
    });
    const sender = arena.sender();
    const agent = arena.agent("a");
    sender.offer(1);
    arena.turn();
    const value = ErrorDetail.fromPartial({ code: "x.y", retry: RetryClass.RETRY_CLASS_SAME_KEY });
    agent.sendResult(1, { $case: "failed", value });
    arena.turn();
    const [result] = sender.received.results;
    assert.ok(result?.outcome?.$case === "failed");
    assert.equal(result.outcome.value.retry, RetryClass.RETRY_CLASS_NEVER);
  });

  it("hold a result until the outside party answers once, even if the sender reconnects meanwhile", () => {
    const { arena, requests, answer, explain } = hooked({
      hookId: "review",
      moment: HOOK_MOMENT_BEFORE_RESULT,
      action: blocking(),
    });
    const first = arena.sender();
    const agent = arena.agent("a");
    first.offer([1, 2]);
    arena.turn();
    agent.sendResult(1);
    arena.turn();
    assert.deepEqual(first.results, []);
    assert.deepEqual(agent.taskNumbers, [1, 2], "its slot is free");
    assert.equal(explain(1).waits[0]?.subject, "review");
    first.stream.close(arena.nowMs);
    const second = arena.sender("workflow-1b");
    second.offer(1);
    arena.turn();
    assert.deepEqual(second.results, []);
    answer(requests[0], {});
    assert.deepEqual(second.results, [[1, "inlineOutput"]]);
    assert.deepEqual(first.results, []);
  });
});

describe("an invalid hook", () => {
  const problemsOf = (input: HookInput) =>
    compileHook(Hook.fromPartial(input)).problems?.map(({ field }) => field);
  for (const [title, input, fields] of [
    ["a condition that cannot be read", { when: "task.", action: rule({ priority: "1" }) }, ["when"]],
    ["a condition that is none", { when: "task.priority", action: rule({ priority: "1" }) }, ["when"]],
    ["a variable that there is not", { when: "tasks.id == ''", action: rule({ priority: "1" }) }, ["when"]],
    ["a priority that is no number", { action: rule({ priority: "task.id" }) }, ["rule.verdict.priority"]],
    [
      "a label that cannot be read",
      { action: rule({ labels: { a: "${{ nothing }}" } }) },
      ['rule.verdict.labels["a"]'],
    ],
    ["nothing that it does", {}, ["action"]],
  ] as const)
    it(`is refused for ${title}, with the path of the field`, () => {
      assert.deepEqual(problemsOf(before("bad", input)), fields);
    });

  it("is refused if it decides about an event that has already happened", () => {
    const moment = HOOK_MOMENT_AFTER_ASSIGN;
    assert.deepEqual(problemsOf({ hookId: "bad", moment, action: rule({ priority: "1" }) }), ["moment"]);
    assert.deepEqual(problemsOf({ hookId: "bad", moment, action: blocking() }), ["listener.blocking"]);
  });
});
