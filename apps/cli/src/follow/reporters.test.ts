import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Explanation, Run, Task, TaskStatus, WaitCause, WorkStatus } from "@tutti/rest/types";
import { Presenter } from "../command/presenter.ts";
import { printClock } from "../terminal/time.ts";
import { type MemoryShell, memoryShell } from "../testing/memory-shell.ts";
import { FrameReporter } from "./frame-reporter.ts";
import { LineReporter } from "./line-reporter.ts";
import { RunModel, viewOf } from "./run-model.ts";
import { reportCauses } from "./stuck.ts";

const run = (status: WorkStatus, more: Partial<Run> = {}): Run => ({
  runId: "r1",
  kind: "tasks",
  states: [],
  startTimeMs: 0,
  progress: 0.5,
  tasks: { total: 4, completed: 2 },
  status,
  ...more,
});

const task = (taskId: string, status: TaskStatus, more: Partial<Task> = {}): Task => ({
  ...{ taskId, status, kind: "uses", needs: [], attempts: [], labels: {} },
  ...more,
});

const entry = (number: number, status: TaskStatus): Task =>
  task(`list[${number}]`, status, { parentTaskId: "list" });

/** Pauses of a second and more resolve immediately. Shorter pauses of frames wait. */
function inTime(shell: MemoryShell): MemoryShell {
  return {
    ...shell,
    pause: (durationMs, signal) => (durationMs < 1_000 ? shell.pause(durationMs, signal) : Promise.resolve()),
  };
}

describe("a run built from the replies of its stream", () => {
  it("shows the entries of a list in the row of their task, which runs as long as they do", () => {
    const { tasks } = viewOf(run("running"), [
      task("list", "waiting"),
      entry(0, "completed"),
      entry(1, "failed"),
      entry(2, "running"),
    ]);
    assert.equal(tasks.length, 1);
    assert.deepEqual([tasks[0]?.state, tasks[0]?.entries], ["running", { done: 1, failed: 1, total: 3 }]);
  });

  it("counts failed turns of a durable function as attempts", () => {
    const turns = [
      { number: 1, pool: "default", queueTimeMs: 10 },
      { number: 2, pool: "default", queueTimeMs: 900 },
    ];
    const failed = {
      number: 3,
      pool: "default",
      queueTimeMs: 950,
      error: { code: "TypeError", message: "no" },
    };
    const countedAttempts = (attempts: Task["attempts"]) => {
      const order = task("order", "running", { kind: "function", attempts, attemptCount: 9 });
      return viewOf(run("running"), [order]).tasks[0]?.attempts;
    };
    assert.equal(countedAttempts(turns), 1);
    assert.equal(countedAttempts([...turns, failed]), 1);
    assert.equal(countedAttempts([...turns, failed, { number: 4, pool: "default", queueTimeMs: 960 }]), 2);
  });

  it("shows the calls of agents and durable functions below their caller, with the usage of an agent", () => {
    const [view, ...others] = viewOf(run("running"), [
      task("desk", "waiting", { kind: "function" }),
      task("answer", "waiting", { kind: "function", parentTaskId: "desk", used: { tokens: 45, money: 0.5 } }),
      task("count", "completed", { parentTaskId: "answer" }),
    ]).tasks;
    assert.deepEqual(others, []);
    const [answer] = view?.parts ?? [];
    assert.deepEqual(
      [answer?.id, answer?.used, answer?.parts.map(({ id }) => id)],
      ["answer", { tokens: 45, usd: 0.5 }, ["count"]],
    );
  });

  it("shows the compensations that the code of a function ran below it", () => {
    const order = task("order", "failed", { kind: "function" });
    const ran = { task: "order", name: "release", error: "" };
    const [view] = viewOf(run("failed"), [order], [ran, { ...ran, name: "refund", error: "away" }]).tasks;
    assert.deepEqual(
      view?.parts.map(({ id, state, error }) => [id, state, error]),
      [
        ["release", "compensated", ""],
        ["refund", "failed", "away"],
      ],
    );
  });

  it("has no row for a compensation or a round of a loop", () => {
    const { tasks } = viewOf(run("failed"), [
      task("charge", "compensated"),
      task("charge/undo", "completed", { compensates: "charge" }),
      task("poll", "running"),
      task("poll#2", "running", { parentTaskId: "poll" }),
    ]);
    assert.deepEqual(
      tasks.map(({ id, entries }) => [id, entries]),
      [
        ["charge", undefined],
        ["poll", undefined],
      ],
    );
  });

  it("counts an open approval before the run does", () =>
    assert.equal(viewOf(run("running"), [task("sure", "waiting", { kind: "approve" })]).openApprovals, 1));

  it("replaces all tasks with a first snapshot", () => {
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("a", "running"), task("b", "pending")] });
    model.apply({ tasks: [task("a", "completed")], removedTaskIds: ["b"] });
    assert.deepEqual(
      model.view()?.tasks.map(({ id, state }) => [id, state]),
      [["a", "completed"]],
    );
    model.reset();
    model.apply({ tasks: [task("c", "pending")] });
    assert.deepEqual(
      model.view()?.tasks.map(({ id }) => id),
      ["c"],
    );
  });
});

describe("a run reported line by line", () => {
  function reporting(isSilent = false): {
    model: RunModel;
    reporter: LineReporter;
    shell: MemoryShell;
    lines: () => string[];
  } {
    const shell = inTime(memoryShell());
    const print = new Presenter(shell, { reader: "people" }).print;
    const lines = (): string[] =>
      shell.errors.text
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, "").replace(/ {2,}/g, "  "));
    return { model: new RunModel(), reporter: new LineReporter({ print, shell, isSilent }), shell, lines };
  }

  it("reports each state once, each attempt, and only the failed entries of a list", () => {
    const { model, reporter, lines } = reporting();
    const report = (tasks: readonly Task[]): void => {
      model.apply({ tasks });
      reporter.changed(model);
    };
    report([task("a", "pending"), task("a", "running")]);
    report([task("a", "running")]);
    report([
      task("a", "retrying", {
        attemptCount: 1,
        attempts: [{ pool: "default", error: { message: "busy\u001b[2J", violations: [], details: {} } }],
      }),
    ]);
    report([task("a", "running", { attemptCount: 2 })]);
    report([entry(0, "running"), entry(1, "failed")]);
    assert.deepEqual(lines(), [
      "● a  running",
      "↻ a  retrying  busy␛[2J",
      "● a  running  attempt 2",
      "✗ list[1]  failed",
    ]);
  });

  it("reports the start of the run before its tasks", () => {
    const { model, reporter, lines } = reporting();
    model.apply({ run: run("running"), tasks: [task("a", "completed")] });
    reporter.changed(model);
    assert.deepEqual(lines(), ["● r1  running", "✓ a  completed"]);
  });

  it("prints when a task was queued, started or ended, in this order, even if reported later", () => {
    const { model, reporter, shell } = reporting();
    const [createTimeMs, startTimeMs, readyTimeMs, endTimeMs] = [8_000, 9_000, 9_500, 11_500];
    model.apply({
      run: { ...run("running"), createTimeMs },
      tasks: [
        task("a", "completed", { startTimeMs, endTimeMs }),
        task("b", "running", { startTimeMs }),
        task("c", "queued", { readyTimeMs, attemptCount: 1 }),
      ],
    });
    reporter.changed(model);
    assert.deepEqual(
      shell.errors.text.match(/^\d\d:\d\d:\d\d\.\d{3}/gm),
      [createTimeMs, startTimeMs, readyTimeMs, endTimeMs].map((atMs) => printClock(atMs)),
    );
  });

  it("prints the end of a compensated task, and its compensation at the time of that", () => {
    const { model, reporter, shell } = reporting();
    const attempt = { number: 2, pool: "default", compensation: true };
    const [charge, reserve] = [
      task("charge", "compensating", { endTimeMs: 1_300, attempts: [{ ...attempt, queueTimeMs: 5_000 }] }),
      task("reserve", "compensating", { endTimeMs: 1_200, attempts: [{ ...attempt, queueTimeMs: 6_000 }] }),
    ];
    const replies = [
      {
        run: run("running", { startTimeMs: 1_000 }),
        tasks: [task("reserve", "completed", { endTimeMs: 1_200 })],
      },
      { tasks: [charge, task("nap", "waiting", { readyTimeMs: 1_250 })] },
      { tasks: [reserve, { ...charge, status: "compensated" as const }] },
      {
        run: run("failed", { endTimeMs: 7_000 }),
        tasks: [{ ...reserve, status: "compensated" as const }],
      },
    ];
    for (const reply of replies) {
      model.apply(reply);
      reporter.changed(model);
    }
    const lines = shell.errors.text.matchAll(/^(\S+) +\S+ +(\S+) +(\S+) *(.*)$/gm);
    assert.deepEqual(
      [...lines].map(([, clock, ...words]) => [clock, words.join(" ").trim()]),
      [
        [1_000, "r1 running"],
        [1_200, "reserve completed"],
        [1_250, "nap waiting"],
        [1_300, "charge completed"],
        [5_000, "charge compensating"],
        [6_000, "charge compensated"],
        [6_000, "reserve compensating"],
        [7_000, "reserve compensated"],
      ].map(([atMs, text]) => [printClock(Number(atMs)), text]),
    );
  });

  it("reports that the platform is not reachable, and the reconnection", async () => {
    const { reporter, lines } = reporting(true);
    reporter.connectionChanged("broken");
    await turn();
    reporter.connectionChanged("open");
    assert.deepEqual(lines(), ["The platform is not reachable, retrying …", "Reconnected."]);
  });
});

describe("a run whose task stays queued", () => {
  const explanation = {
    ...{ summary: "no worker offers greeting.send", waits: [], candidates: [], failures: [], parts: [] },
    remedies: [{ text: "start a worker that handles it", command: "npx node worker.ts" }],
  };

  /** Checks `checks` times, and collects the reports. */
  async function reported(
    model: RunModel,
    checks: number,
    shown: Explanation = explanation,
    expected?: readonly (string | undefined)[],
  ): Promise<readonly string[][]> {
    const ended = new AbortController();
    const reports: string[][] = [];
    const requests: (string | undefined)[] = [];
    let remaining = checks;
    await reportCauses({
      model,
      shell: {
        pause: async () => {
          if (remaining-- === 0) ended.abort();
        },
      },
      reporter: { stuck: (lines) => reports.push([...lines]) },
      explain: async (taskId) => {
        requests.push(taskId);
        return shown;
      },
      signal: ended.signal,
    });
    assert.deepEqual(requests, expected ?? (reports.some((lines) => lines.length > 0) ? ["send"] : []));
    return reports;
  }

  it("is explained with a remedy once two checks in a row find it", async () => {
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("compose", "completed"), task("send", "queued")] });
    assert.deepEqual(await reported(model, 2), [
      [],
      ["no worker offers greeting.send", "→ npx node worker.ts   start a worker that handles it"],
    ]);
  });

  const part = (cause: WaitCause, summary: string, command: string): Explanation => ({
    ...{ summary, candidates: [], failures: [], parts: [] },
    waits: [{ cause, holders: [] }],
    remedies: command === "" ? [] : [{ text: "", command }],
  });

  it("is explained once if it waits for a person, while other tasks run too", async () => {
    const model = new RunModel();
    model.apply({
      run: run("running", { openApprovals: 1 }),
      tasks: [task("a", "running"), task("ok", "waiting")],
    });
    const complete = {
      ...explanation,
      parts: [
        part("timer", "`later` is waiting: it waits for its time.", ""),
        part("approval", "`ok` is waiting: it waits for ops to decide: Refund?", "tutti approve r1 ok"),
      ],
    };
    const lines = ["`ok` is waiting: it waits for ops to decide: Refund?", "→ tutti approve r1 ok"];
    assert.deepEqual(await reported(model, 4, complete, [undefined]), [[], lines, lines, lines]);
  });

  it("is explained if it waits for a signal, and not while another task runs", async () => {
    const model = new RunModel();
    const waiting = task("told", "waiting", { kind: "wait" });
    model.apply({ run: run("running"), tasks: [waiting] });
    const complete = { ...explanation, parts: [part("signal", "`told` is waiting.", "tutti signal r1 go")] };
    assert.deepEqual(await reported(model, 2, complete, [undefined]), [
      [],
      ["`told` is waiting.", "→ tutti signal r1 go"],
    ]);
    model.apply({ tasks: [task("a", "running")] });
    assert.deepEqual(await reported(model, 2, complete), [[], []]);
  });

  it("is not explained if a worker accepted it in the meantime", async () => {
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("send", "queued")] });
    const completed = { ...explanation, summary: "`send` is completed.", remedies: [] };
    assert.deepEqual(await reported(model, 2, completed, ["send"]), [[], []]);
  });

  it("is not explained while another task runs", async () => {
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("compose", "running"), task("send", "queued")] });
    assert.deepEqual(await reported(model, 3), [[], [], []]);
  });

  it("is explained once in lines", () => {
    const shell = memoryShell();
    const print = new Presenter(shell, { reader: "people" }).print;
    const reporter = new LineReporter({ print, shell, isSilent: false });
    for (const lines of [[], ["no agent"], ["no agent"], []]) reporter.stuck(lines);
    assert.equal(shell.errors.text, "no agent\n");
  });

  it("is explained once in lines while only its duration grows", () => {
    const shell = memoryShell();
    const print = new Presenter(shell, { reader: "people" }).print;
    const reporter = new LineReporter({ print, shell, isSilent: false });
    for (const lasts of ["57 ms", "2 s", "1 min 2 s", "1m2s", "3 h 5 min"])
      reporter.stuck([`given to a1 ${lasts} ago`]);
    reporter.stuck(["given to a2 2 s ago"]);
    assert.equal(shell.errors.text, "given to a1 57 ms ago\ngiven to a2 2 s ago\n");
  });

  it("is explained once in lines while two causes alternate, and again after a task has ended", () => {
    const shell = memoryShell();
    const print = new Presenter(shell, { reader: "people" }).print;
    const reporter = new LineReporter({ print, shell, isSilent: false });
    const alternate = () => {
      for (const cause of ["a1 is busy", "given to a1 1 s ago", "", "a1 is busy", "given to a1 2 s ago"])
        reporter.stuck(cause === "" ? [] : [cause]);
    };
    alternate();
    const both = "a1 is busy\ngiven to a1 1 s ago\n";
    assert.equal(shell.errors.text, both);
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("a", "completed", { startTimeMs: 0, endTimeMs: 1 })] });
    reporter.changed(model);
    alternate();
    assert.equal(shell.errors.text.split("a1 is busy").length, 3);
  });
});

describe("a run drawn on a terminal", () => {
  it("draws again when the window changes its size, and shows the cursor at the end", () => {
    const shell = memoryShell({ terminal: { columns: 80, rows: 24 } });
    const reporter = new FrameReporter({
      frames: new Presenter(shell, { reader: "people" }).print.frames("errors"),
      shell,
    });
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("a", "running")] });
    reporter.changed(model);
    reporter.connectionChanged("open");
    const before = shell.errors.text.length;
    shell.errors.resize(60, 20);
    const frame = shell.errors.text.slice(before);
    assert.match(frame, /● {2}a/);
    for (const line of frame.split("\n")) assert.ok(withoutCodes(line).length <= 60, line);
    model.apply({ run: run("completed", { endTimeMs: 5 }), tasks: [task("a", "completed")] });
    reporter.close(model);
    assert.match(withoutCodes(shell.errors.text), /✓ r1 +completed/);
    assert.ok(shell.errors.text.endsWith("\u001b[?25h"));
    shell.errors.resize(70, 20);
    assert.ok(shell.errors.text.endsWith("\u001b[?25h"), "nothing is drawn after the end");
  });

  it("keeps the graph while the platform is not reachable, with a note below it", async () => {
    const shell = inTime(memoryShell({ terminal: { columns: 80, rows: 24 } }));
    const reporter = new FrameReporter({
      frames: new Presenter(shell, { reader: "people" }).print.frames("errors"),
      shell,
    });
    const model = new RunModel();
    model.apply({ run: run("running"), tasks: [task("a", "running")] });
    reporter.changed(model);
    reporter.connectionChanged("broken");
    await turn();
    assert.match(withoutCodes(shell.errors.text), /● {2}a[\s\S]*The platform is not reachable, retrying …/);
    const before = shell.errors.text.length;
    reporter.connectionChanged("open");
    assert.doesNotMatch(shell.errors.text.slice(before), /away/);
    reporter.close(model);
  });
});

function withoutCodes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of a terminal
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}
