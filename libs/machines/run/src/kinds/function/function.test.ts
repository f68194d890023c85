import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Explanation,
  type Payload,
  RetryClass,
  TaskStatus,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import { CancelRun, FailTask, NoteAttempt, ReturnTask, SignalRun } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { parsed } from "@tutti/machine-work";
import { statusOf } from "../../core/state/state.ts";
import { cancelRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { showTask } from "../../life/queries/tasks.ts";
import { failTask, noteAttempt, returnTask } from "../../life/results/attempts.ts";
import { signalRun } from "../../life/results/signals.ts";
import { describeRun } from "../../life/snapshot/description.ts";
import { RunScene } from "../../testing/index.ts";

const definition = `
workflow: order
tasks:
  order: {function: order, with: {total: 5}, retry: {attempts: 2, backoff: 1s, jitter: 0}}
output: \${{ tasks.order.output }}
`;

type Members = Record<string, unknown>;

class Play {
  readonly scene: RunScene;

  constructor(text = definition) {
    this.scene = RunScene.of(text);
  }

  /** Input of the offered turn. */
  get turn(): {
    input: unknown;
    from: number;
    seed: string;
    startMs: number;
    journal: Members[];
    cold?: number;
  } {
    return parsed(this.scene.offer("order").effect.input) as never;
  }

  get position(): number {
    return this.turn.from + this.turn.journal.length;
  }

  report(steps: Members[], more: Members = {}): void {
    this.scene.complete("order", { function: 1, known: this.position, steps, ...more });
  }

  get output(): unknown {
    return parsed(this.scene.state.output as Uint8Array | undefined);
  }
}

const charge = { task: "charge", at: "order.ts:4", spec: { uses: "pay.charge", with: { text: "${{ 1 }}" } } };

describe("a durable function that waits for its calls", () => {
  it("waits for inner tasks in the explanation of its run", () => {
    const play = new Play();
    play.report([charge]);
    const found = play.scene.driver.query(play.scene.key, explain, { taskId: "" }) as Explanation;
    assert.match(
      found.summary,
      /^The run is running\. 2 of 2 tasks have not ended: 1 [^,]*, 1 waits for inner tasks \(`order`\)\.$/,
    );
    const own = play.scene.driver.query(play.scene.key, explain, { taskId: "order" }) as Explanation;
    assert.equal(own.summary, "`order` is waiting: it waits for charge.");
  });

  it("is explained with the error of a step that waits for its next try, until the try has started", () => {
    const play = new Play();
    const error = { code: "Error", message: "the card server is down" };
    const pause = (tries: number) => ({ task: `pay.pause-${tries}`, at: "order.ts:4", spec: { wait: "1h" } });
    const messages = () =>
      ["", "order"].map((taskId) => {
        const explanation = play.scene.driver.query(play.scene.key, explain, { taskId }) as Explanation;
        return explanation.failures.map((failure) => `${failure.attempt} ${failure.error?.message}`);
      });
    play.report([{ step: "pay", atMs: 5, error }, pause(1)]);
    const first = ["1 Step `pay` failed and is retried: the card server is down"];
    assert.deepEqual(messages(), [first, first]);
    play.scene.driver.advance(3_600_000);
    play.report([{ step: "pay.try-2", atMs: 9, error: { ...error, message: "no answer" } }, pause(2)]);
    const second = ["2 Step `pay.try-2` failed and is retried: no answer"];
    assert.deepEqual(messages(), [second, second]);
    play.scene.driver.advance(3_600_000);
    play.report([{ step: "pay.try-3", atMs: 12, output: 1 }, charge]);
    assert.deepEqual(messages(), [[], []]);
  });

  it("is explained with the attempt of the turn that failed", () => {
    const play = new Play();
    play.report([charge]);
    play.scene.complete("charge", 1);
    play.report([], { end: { error: { code: "pay.declined", message: "declined" } } });
    const { failures } = play.scene.driver.query(play.scene.key, explain, { taskId: "order" }) as Explanation;
    assert.deepEqual(
      failures.map(({ attempt, error }) => [attempt, error?.message]),
      [[1, "declined"]],
    );
  });

  it("is explained with the error of such a step when its time is over", () => {
    const play = new Play(definition.replace("retry:", "timeout: {total: 1m}, retry:"));
    const error = { code: "Error", message: "the card server is down" };
    play.report([
      { step: "pay", atMs: 5, error },
      { task: "pay.pause-1", at: "a:1", spec: { wait: "1h" } },
    ]);
    play.scene.driver.advance(60_000);
    const { failures } = play.scene.driver.query(play.scene.key, explain, { taskId: "" }) as Explanation;
    assert.match(failures[0]?.error?.message ?? "", /did not finish within 1m/);
    assert.equal(failures[1]?.error?.message, "Step `pay` failed: the card server is down");
  });
});

const registered = [
  { step: "reserve", at: "order.ts:2", atMs: 1, output: 7 },
  { undo: "release", at: "order.ts:3", atMs: 1 },
];

describe("the compensations of a durable function", () => {
  const cancel = (play: Play, noCompensate = false): void =>
    void play.scene.driver.execute(play.scene.key, cancelRun, { reason: "enough", noCompensate });

  it("are requested with the whole journal when the run is cancelled", () => {
    const play = new Play();
    play.report([...registered, charge]);
    play.scene.complete("charge", 1);
    play.report([{ task: "pause", at: "order.ts:9", spec: { wait: "1h" } }]);
    cancel(play);
    const { turn } = play;
    assert.equal((turn as { undo?: boolean }).undo, true);
    assert.equal(turn.from, 0);
    assert.deepEqual(
      turn.journal.map((entry) => Object.keys(entry)[0]),
      ["step", "undo", "task", "end", "task"],
    );
    assert.equal(statusOf(play.scene.state), WorkStatus.WORK_STATUS_CANCELLING, "it waits for them");
    play.scene.complete("order", { function: 1, known: 5, steps: [], end: { output: null } });
    assert.equal(statusOf(play.scene.state), WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(play.scene.state.nodes[0]?.status, TaskStatus.TASK_STATUS_CANCELLED);
  });

  it("are reported when they fail", () => {
    const play = new Play();
    play.report([...registered, charge]);
    cancel(play);
    play.scene.fail("order", "test.stuck", { retry: RetryClass.RETRY_CLASS_NEVER });
    assert.equal(statusOf(play.scene.state), WorkStatus.WORK_STATUS_CANCELLED);
    assert.equal(play.scene.state.error?.details["not_compensated"], "order");
  });

  it("are requested when a turn fails for good, but not when the code returns an error", () => {
    const play = new Play();
    play.report([...registered, charge]);
    play.scene.complete("charge", 1);
    play.scene.fail("order", "sdk.function_changed", { retry: RetryClass.RETRY_CLASS_NEVER });
    assert.equal((play.turn as { undo?: boolean }).undo, true);
    const alone = new Play();
    const compensated = { step: "release.run", atMs: 2, output: null };
    alone.report([...registered, compensated], { end: { error: { code: "shop.sold_out", message: "" } } });
    assert.deepEqual(alone.scene.offered, []);
    assert.equal(statusOf(alone.scene.state), WorkStatus.WORK_STATUS_FAILED);
  });

  it("are skipped if the caller requests no compensation", () => {
    const play = new Play();
    play.report([...registered, charge]);
    cancel(play, true);
    assert.deepEqual(play.scene.offered, []);
    assert.equal(statusOf(play.scene.state), WorkStatus.WORK_STATUS_CANCELLED);
  });

  it("survive a snapshot and a lost worker", () => {
    const play = new Play();
    play.report([...registered, charge]);
    cancel(play);
    const { snapshots } = play.scene.machine;
    const restored = snapshots.decode(snapshots.encode(play.scene.state), snapshots.version);
    assert.equal(restored.undoing, 0);
    const lost = ReturnTask.fromPartial({ message: "gone", lost: true });
    play.scene.driver.settle(play.scene.offer("order"), returnTask, lost);
    play.scene.driver.advance(60_000);
    assert.equal((play.turn as { undo?: boolean }).undo, true);
  });
});

describe("a durable function", () => {
  it("reports the start time of its first turn, not of the latest turn", () => {
    const play = new Play();
    const startMs = play.scene.driver.nowMs;
    const startTime = () => {
      const task = play.scene.driver.query(play.scene.key, showTask, { taskId: "order" });
      return "code" in task || task.startTime === undefined ? undefined : fromTimestamp(task.startTime);
    };
    assert.equal(startTime(), undefined);
    play.report([charge]);
    play.scene.driver.advance(5_000);
    play.scene.complete("charge", 1);
    const started = { agent: "agent-1", startMs: play.scene.driver.nowMs };
    play.scene.driver.settle(play.scene.offer("order"), noteAttempt, NoteAttempt.fromPartial(started));
    assert.equal(startTime(), startMs);
  });

  it("records local steps of one turn and ends with an output", () => {
    const play = new Play();
    assert.deepEqual(play.turn.input, { total: 5 });
    assert.deepEqual(play.turn.journal, []);
    play.report([{ step: "reserve", at: "order.ts:2", atMs: 1, output: 7 }], {
      end: { output: { ok: true } },
    });
    assert.deepEqual(play.output, { ok: true });
    assert.deepEqual(play.scene.events.slice(-3), ["step_recorded", "task_completed", "run_completed"]);
  });

  it("adds tasks, waits without an offer, and receives their results", () => {
    const play = new Play();
    play.report([{ step: "reserve", at: "order.ts:2", atMs: 1, output: 7 }, charge]);
    assert.deepEqual(play.scene.offered, ["charge"]);
    const input = parsed(play.scene.offer("charge").effect.input);
    assert.deepEqual(input, { text: "${{ 1 }}" }, "texts of a step are data");
    play.scene.complete("charge", { id: 9 });
    const { journal } = play.turn;
    assert.deepEqual(
      journal.map(({ atMs: _, ...entry }) => entry),
      [
        { step: "reserve", at: "order.ts:2", output: 7 },
        { task: "charge", at: "order.ts:4", kind: "uses" },
        { end: "charge", output: { id: 9 } },
      ],
    );
    play.report([], { end: { output: 1 } });
    assert.equal(play.output, 1);
  });

  it("lets its code handle a failed task", () => {
    const play = new Play();
    play.report([{ ...charge, spec: { ...charge.spec, retry: { attempts: 1 } } }]);
    play.scene.fail("charge", "pay.declined");
    const error = play.turn.journal.at(-1)?.["error"] as Members | undefined;
    assert.equal(error?.["code"], "pay.declined");
    play.report([], { end: { error: { code: "shop.unpaid", message: "no money" } } });
    assert.equal(play.scene.state.error?.code, "shop.unpaid");
  });

  it("preserves the causes of errors that its code reports", () => {
    const play = new Play();
    const cause = {
      code: "pay.declined",
      message: "no money",
      cause: { code: "bank.closed", message: "no" },
    };
    play.report([{ step: "charge", at: "a:1", atMs: 1, error: { code: "Error", message: "no", cause } }], {
      more: true,
    });
    const error = play.turn.journal.at(-1)?.["error"] as { cause?: Members } | undefined;
    assert.equal(error?.cause?.["code"], "pay.declined");
    play.report([], { end: { error: { code: "shop.unpaid", message: "no", cause } } });
    assert.equal(play.scene.state.error?.cause?.cause?.code, "bank.closed");
  });

  it("waits for time, signals and other tasks at once, and sees them in the order of their ends", () => {
    const play = new Play();
    play.report([
      { task: "nap", at: "a:1", spec: { wait: "10s" } },
      { task: "yes", at: "a:2", spec: { wait: { signal: "yes" } } },
    ]);
    assert.match(explanationText(play), /nap, yes/);
    const signal = SignalRun.fromPartial({ signal: "yes", payload: undefined });
    play.scene.driver.execute(play.scene.key, signalRun, signal);
    assert.equal(play.turn.journal.at(-1)?.["end"], "yes");
    play.report([]);
    play.scene.driver.advance(10_000);
    assert.equal(play.turn.journal.at(-1)?.["end"], "nap");
    play.report([], { end: { output: null } });
    assert.equal(play.scene.events.at(-1), "run_completed");
  });

  it("passes the end of a task that ended during a turn to the next turn", () => {
    const play = new Play();
    play.report([charge, { ...charge, task: "label" }]);
    play.scene.complete("charge", 1);
    assert.equal(play.turn.journal.at(-1)?.["end"], "charge");
    play.scene.complete("label", 2);
    play.report([]);
    assert.equal(play.turn.journal.at(-1)?.["end"], "label");
  });

  it("sends a worker that has the journal only new entries, and the whole journal on request", () => {
    const play = new Play();
    const large = "x".repeat(10_000);
    play.report([{ step: "load", at: "a:1", atMs: 1, output: large }, charge]);
    play.scene.complete("charge", 1);
    assert.equal(play.turn.from, 2);
    assert.equal(play.turn.journal.length, 1);
    play.report([], { cold: true });
    assert.equal(play.turn.from, 0);
    assert.equal(play.turn.journal.length, 3);
    assert.equal(play.turn.cold, 1);
    play.report([], { end: { output: null } });
    assert.equal(play.scene.events.at(-1), "run_completed");
  });

  it("accepts no steps from a worker that has another journal", () => {
    const play = new Play();
    play.scene.complete("order", { function: 1, known: 3, steps: [{ step: "a", output: 1 }] });
    assert.deepEqual(play.turn.journal, []);
    assert.equal(play.turn.cold, undefined, "it may have run steps");
  });

  it("reports the number of attempts since the last turn that ran nothing", () => {
    const play = new Play();
    for (const count of [1, 2]) {
      play.report([], { cold: true });
      assert.equal(play.turn.cold, count);
    }
    play.report([{ step: "a", at: "", atMs: 1, output: 1 }], { more: true });
    assert.equal(play.turn.cold, undefined);
  });

  it("continues at once with `more`", () => {
    const play = new Play();
    play.report([{ step: "a", at: "", atMs: 1, output: 1 }], { more: true });
    assert.equal(play.turn.journal.length, 1);
  });

  it("sends the whole journal to the worker that follows a lost worker, and a turn does not count as an attempt", () => {
    const play = new Play();
    for (let turn = 0; turn < 3; turn++) play.report([{ step: `a${turn}`, output: 1 }], { more: true });
    const loss = ReturnTask.fromPartial({ lost: true, agent: "w1", message: "its link was cut" });
    play.scene.driver.settle(play.scene.offer("order"), returnTask, loss);
    play.scene.driver.advance(1);
    assert.equal(play.turn.from, 0);
    assert.equal(play.turn.journal.length, 3);
    assert.equal(play.scene.offer("order").effect.attempt, 1);
  });

  it("retries a turn that failed", () => {
    const play = new Play();
    play.report([{ step: "a", output: 1 }], { more: true });
    const error = FailTask.fromPartial({ error: { code: "sdk.function_changed", message: "changed" } });
    play.scene.driver.settle(play.scene.offer("order"), failTask, error);
    play.scene.driver.advance(1_000);
    assert.equal(play.turn.journal.length, 1);
  });

  it("suggests remedies for a function that is paused because its code does not match its history", () => {
    const play = new Play(definition.replace("attempts: 2", "attempts: 2, exhausted: pause"));
    play.report([{ step: "a", output: 1 }], { more: true });
    const error = { code: "sdk.function_changed", message: "history has `a`, code has `b`" };
    while (play.scene.offered.length > 0) {
      play.scene.fail("order", error.code, { message: error.message });
      play.scene.driver.advance(60_000);
    }
    for (const taskId of ["", "order"]) {
      const explanation = explain.answer(play.scene.state, { taskId }, { key: play.scene.key, nowMs: 0 });
      const { failures, remedies } = explanation as Explanation;
      assert.equal(failures[0]?.error?.message, error.message);
      assert.deepEqual(
        remedies.map(({ command }) => command.split(" ").slice(0, 2).join(" ")),
        ["tutti resume", "tutti history"],
      );
      assert.equal(/ --task order$/.test(remedies[0]?.command ?? ""), taskId !== "");
    }
  });

  it("fails if it waits for nothing, or if its turn is invalid", () => {
    for (const output of [{ function: 1, known: 0, steps: [] }, { steps: 1 }, "x", null]) {
      const play = new Play();
      while (play.scene.offered.length > 0) {
        play.scene.complete("order", output);
        play.scene.driver.advance(1_000);
      }
      assert.equal(play.scene.events.at(-1), "run_failed", JSON.stringify(output));
    }
  });

  it("fails with the problem of an invalid step", () => {
    const play = new Play();
    play.report([{ task: "a", at: "a:1", spec: { uses: "x.y", nonsense: 1 } }]);
    assert.match(play.scene.state.error?.message ?? "", /nonsense/);
  });

  it("stops the tasks that it no longer waits for when it ends", () => {
    const play = new Play();
    play.report([charge, { ...charge, task: "slow" }]);
    play.scene.complete("charge", 1);
    play.report([], { end: { output: "first" } });
    assert.equal(play.output, "first");
    assert.deepEqual(play.scene.offered, []);
  });

  it("has a large output in the blob store, which expressions do not read", () => {
    const $blob = { sha256: "0".repeat(64), size: 3_000_000 };
    const when = '${{ type(tasks.order.output) == map && "loop" in tasks.order.output }}';
    const play = new Play(`${definition}continueAsNew: {when: '${when}', with: 1}\n`);
    play.report([], { end: { output: { $blob } } });
    assert.equal((play.scene.state.output as Payload).body?.$case, "blob");
    assert.equal(play.scene.state.error, undefined);
    const reading = new Play(definition.replace("output }}", "output.total }}"));
    reading.report([], { end: { output: { $blob } } });
    assert.equal(reading.scene.state.error?.code, "workflow.data_stored");
  });

  it("is cancelled with its tasks", () => {
    const play = new Play();
    play.report([charge]);
    play.scene.driver.execute(play.scene.key, cancelRun, CancelRun.fromPartial({ reason: "enough" }));
    assert.deepEqual(play.scene.offered, []);
    assert.equal(play.scene.events.at(-1), "run_cancelled");
  });

  it("starts gang tasks of one turn together, in several pools", () => {
    const play = new Play();
    const member = (task: string, pool: string) => ({
      ...{ task, at: "order.ts:4", spec: { uses: "train.node", gang: "training", placement: { pool } } },
    });
    play.report([member("server", "cpu"), member("one", "gpu"), member("two", "gpu")]);
    const gangs = ["server", "one", "two"].map((id) => play.scene.offer(id).effect.gang);
    const name = gangs[0]?.name ?? "";
    const worker = { name, size: 2, started: false, elsewhere: 1 };
    assert.match(name, /^training/);
    assert.deepEqual(gangs, [{ name, size: 1, started: false, elsewhere: 2 }, worker, worker]);
  });

  it("fails if a gang has only one task in its turn", () => {
    const play = new Play();
    play.report([{ ...charge, spec: { uses: "train.node", gang: "training" } }]);
    assert.match(play.scene.state.error?.message ?? "", /this gang has one member/);
  });

  it("records state changes in its journal", () => {
    const play = new Play();
    play.report([{ step: "a", output: 1 }, charge, { ...charge, task: "label" }]);
    play.scene.complete("charge", 1);
    const before = play.turn;
    assert.equal(before.journal.length, 4);
    play.report([{ set: "phase", value: "paid" }]);
    play.scene.complete("label", 2);
    assert.deepEqual(play.turn.journal.at(-2), { set: "phase", atMs: 0, value: "paid" });
  });
});

function explanationText(play: Play): string {
  const explanation = explain.answer(
    play.scene.state,
    { taskId: "order" },
    { key: play.scene.key, nowMs: 0 },
  );
  return JSON.stringify(explanation);
}

it("the end of a durable function closes the questions that it does not wait for", () => {
  const play = new Play(`${definition.replace("output:", "  after: {wait: 1h, needs: [order]}\noutput:")}`);
  play.report([charge, { task: "sure", at: "order.ts:5", spec: { approve: { title: "Sure" } } }]);
  assert.equal(describeRun(play.scene.state).labels["run:person"], "yes");
  play.scene.complete("charge", 1);
  play.report([], { end: { output: 1 } });
  // The driver compares the description after each event with what the event declares.
  assert.equal(describeRun(play.scene.state).labels["run:person"], undefined);
});
