import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hook, HookFailure, HookMoment, HookVerdict } from "@tutti/contracts/swarm/v1";
import { RetryClass } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { compileHook, type HookQuestion, type PoolHook } from "../src/index.ts";
import { Arena, numberOf, type Sender, type TestAgent, tokenOf } from "../src/testing/arena.ts";

const { HOOK_MOMENT_BEFORE_ASSIGN, HOOK_MOMENT_BEFORE_RESULT, HOOK_MOMENT_BEFORE_FAILURE } = HookMoment;

function compiled(input: Parameters<typeof Hook.fromPartial>[0]): PoolHook {
  const { hook } = compileHook(Hook.fromPartial(input));
  assert.ok(hook !== undefined);
  return hook;
}

const listener = { $case: "listener", value: { blocking: true, timeoutMs: 500 } } as const;
const rule = { $case: "rule", value: { verdict: { priority: "task.priority + 1" } } } as const;
const sets: readonly (readonly PoolHook[])[] = [
  [],
  [compiled({ hookId: "rule", moment: HOOK_MOMENT_BEFORE_ASSIGN, when: "task.attempt == 1", action: rule })],
  [
    compiled({ hookId: "first", moment: HOOK_MOMENT_BEFORE_ASSIGN, action: listener }),
    compiled({ hookId: "result", moment: HOOK_MOMENT_BEFORE_RESULT, action: listener }),
  ],
  [
    compiled({
      hookId: "held",
      moment: HOOK_MOMENT_BEFORE_ASSIGN,
      action: listener,
      onFailure: HookFailure.HOOK_FAILURE_HOLD,
    }),
    compiled({ hookId: "rule", moment: HOOK_MOMENT_BEFORE_ASSIGN, order: 1, action: rule }),
    compiled({ hookId: "failure", moment: HOOK_MOMENT_BEFORE_FAILURE, action: listener }),
  ],
];

const later = { message: "later", retry: RetryClass.RETRY_CLASS_SAME_KEY, retryAfterMs: 200 };
const verdicts = [
  {},
  { deny: { message: "no" } },
  { deny: later },
  { priority: "3" },
  { delayMs: 300 },
] as const;

const steps = fc.oneof(
  fc.record({ kind: fc.constant("offer" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("set" as const), hooks: fc.constantFrom(...sets) }),
  fc.record({ kind: fc.constant("verdict" as const), at: fc.nat(50), verdict: fc.constantFrom(...verdicts) }),
  fc.record({ kind: fc.constant("silence" as const), at: fc.nat(50) }),
  fc.record({ kind: fc.constant("work" as const), at: fc.nat(50) }),
  fc.record({ kind: fc.constant("cancel" as const), at: fc.nat(50) }),
  fc.record({ kind: fc.constant("reconnect" as const) }),
  fc.record({ kind: fc.constant("pass" as const), byMs: fc.constantFrom(1, 100, 600) }),
);
type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

/** A pool with hooks, whose listeners give any answers at any time. */
class Play {
  readonly arena = new Arena();
  readonly agent: TestAgent;
  readonly senders: Sender[] = [this.arena.sender("sender-0")];
  readonly requests: HookQuestion[] = [];
  readonly cancelled = new Set<number>();
  readonly answered = new Set<number>();
  offered = 0;

  constructor() {
    this.agent = this.arena.agent("a", { slots: 3, credit: 100_000 });
  }

  get sender(): Sender {
    const sender = this.senders.at(-1);
    assert.ok(sender !== undefined);
    return sender;
  }

  get over(): ReadonlySet<number> {
    const ended = this.senders.flatMap(({ results, returned }) => [
      ...results.map(([number]) => number),
      ...returned,
    ]);
    return new Set([...ended, ...this.cancelled]);
  }

  get outstanding(): number[] {
    const { over } = this;
    return Array.from({ length: this.offered }, (_, at) => at + 1).filter((number) => !over.has(number));
  }

  apply(step: Step): void {
    const { arena } = this;
    const { pool } = arena;
    if (step.kind === "offer")
      for (let each = 0; each < step.count; each++) this.sender.offer(++this.offered);
    else if (step.kind === "set")
      pool.setHooks(step.hooks, { send: (questions) => void this.requests.push(...questions) });
    else if (step.kind === "verdict") this.#reply(step.at, HookVerdict.fromPartial(step.verdict), "");
    else if (step.kind === "silence") this.#reply(step.at, undefined, "it broke");
    else if (step.kind === "work") this.work(step.at);
    else if (step.kind === "cancel") this.#cancel(step.at);
    else if (step.kind === "reconnect") this.#reconnect();
    else arena.pass(step.byMs);
    arena.turn();
  }

  /** Lets the agent answer one of its tasks. Returns false if it has none. */
  work(at: number): boolean {
    const open = this.agent.taskNumbers.filter(
      (number) => !this.answered.has(number) && !this.cancelled.has(number),
    );
    const number = open[at % Math.max(1, open.length)];
    if (number === undefined) return false;
    this.answered.add(number);
    this.agent.sendResult(number);
    return true;
  }

  #reply(at: number, verdict: HookVerdict | undefined, problem: string): void {
    const question = this.requests[at % Math.max(1, this.requests.length)];
    if (question === undefined) return;
    this.arena.pool.answerHooks([{ number: question.number, verdict, problem }], this.arena.nowMs);
  }

  #cancel(at: number): void {
    const { outstanding } = this;
    const number = outstanding[at % Math.max(1, outstanding.length)];
    if (number === undefined) return;
    this.cancelled.add(number);
    this.sender.request({ cancels: [{ token: tokenOf(number) }] });
  }

  #reconnect(): void {
    const { outstanding } = this;
    this.sender.stream.close(this.arena.nowMs);
    this.senders.push(this.arena.sender(`sender-${this.senders.length}`));
    if (outstanding.length > 0) this.sender.offer(outstanding);
  }

  /** Completes all blocked tasks. */
  completeAll(): void {
    this.apply({ kind: "set", hooks: [] });
    for (let round = 0; round < 2_000 && this.outstanding.length > 0; round++) {
      this.work(0);
      this.arena.pass(50);
    }
  }
}

describe("tasks of a pool with arbitrary hooks", () => {
  it("end once each, with any answers, changed hooks, cancellations or disconnects", () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 5, maxLength: 60 }), (operations) => {
        const play = new Play();
        for (const step of operations) play.apply(step);
        play.completeAll();
        assert.deepEqual(play.outstanding, []);
        const assigned = play.agent.taskNumbers;
        assert.equal(new Set(assigned).size, assigned.length, "no attempt is given out twice");
        for (const { received } of play.senders) {
          const results = received.results.map(({ token }) => numberOf(token));
          assert.equal(new Set(results).size, results.length, "a result is reported once per stream");
        }
        const { queued } = play.arena.pool.status(play.arena.nowMs);
        assert.equal(queued, 0);
      }),
      { numRuns: 300 },
    );
  });
});
