import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Run, Task, TaskStatus, WorkStatus } from "@tutti/rest/types";
import { Printer } from "../command/printer.ts";
import { withoutColours as style } from "../terminal/style.ts";
import { type MemoryShell, memoryShell } from "../testing/memory-shell.ts";
import { FrameTeller } from "./frame-teller.ts";
import { LineTeller } from "./line-teller.ts";
import { RunModel, viewOf } from "./run-model.ts";
import { tellCauses } from "./stuck.ts";

const run = (status: WorkStatus, more: Partial<Run> = {}): Run => ({
  ...{
    runId: "r1",
    kind: "tasks",
    states: [],
    startTimeMs: 0,
    progress: 0.5,
    tasks: { total: 4, completed: 2 },
  },
  status,
  ...more,
});

const task = (taskId: string, status: TaskStatus, more: Partial<Task> = {}): Task => ({
  ...{ taskId, status, kind: "uses", needs: [], attempts: [], labels: {} },
  ...more,
});

const entry = (number: number, status: TaskStatus): Task =>
  task(`list[${number}]`, status, { parentTaskId: "list" });

/** Where a second and more pass at once. What is drawn again and again waits. */
function inTime(shell: MemoryShell): MemoryShell {
  return {
    ...shell,
    pause: (durationMs, signal) => (durationMs < 1_000 ? shell.pause(durationMs, signal) : Promise.resolve()),
  };
}

describe("what a stream says of a run, put together", () => {
  it("entries of a list stand in the row of their task, which is at work as long as they are", () => {
    const { tasks } = viewOf(run("running"), [
      task("list", "waiting"),
      entry(0, "completed"),
      entry(1, "failed"),
      entry(2, "running"),
    ]);
    assert.equal(tasks.length, 1);
    assert.deepEqual([tasks[0]?.state, tasks[0]?.entries], ["running", { ended: 2, failed: 1, total: 3 }]);
  });

  it("what undoes a task has no row of its own, nor has a round of a loop", () => {
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

  it("a question that waits is a question, before the run counts it", () =>
    assert.equal(viewOf(run("running"), [task("sure", "waiting", { kind: "approve" })]).openApprovals, 1));

  it("a snapshot from the beginning replaces what was known", () => {
    const model = new RunModel();
    model.take({ run: run("running"), tasks: [task("a", "running"), task("b", "pending")] });
    model.take({ tasks: [task("a", "completed")], removedTaskIds: ["b"] });
    assert.deepEqual(
      model.view()?.tasks.map(({ id, state }) => [id, state]),
      [["a", "completed"]],
    );
    model.forget();
    model.take({ tasks: [task("c", "pending")] });
    assert.deepEqual(
      model.view()?.tasks.map(({ id }) => id),
      ["c"],
    );
  });
});

describe("a run told line by line", () => {
  function told(isSilent = false): {
    model: RunModel;
    teller: LineTeller;
    shell: MemoryShell;
    said: () => string[];
  } {
    const shell = inTime(memoryShell());
    const print = new Printer(shell, { isJson: false, isQuiet: false, noColours: true });
    const said = (): string[] =>
      shell.errors.text
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, "").replace(/ {2,}/g, "  "));
    return { model: new RunModel(), teller: new LineTeller({ print, shell, isSilent }), shell, said };
  }

  it("each state once, an attempt again, and of a list only what does not go well", () => {
    const { model, teller, said } = told();
    const tell = (tasks: readonly Task[]): void => {
      model.take({ tasks });
      teller.changed(model);
    };
    tell([task("a", "pending"), task("a", "running")]);
    tell([task("a", "running")]);
    tell([
      task("a", "retrying", {
        attemptCount: 1,
        attempts: [{ pool: "default", error: { message: "busy\u001b[2J", violations: [], details: {} } }],
      }),
    ]);
    tell([task("a", "running", { attemptCount: 2 })]);
    tell([entry(0, "running"), entry(1, "failed")]);
    assert.deepEqual(said(), [
      "● a  running",
      "↻ a  retrying  busy␛[2J",
      "● a  running  attempt 2",
      "✗ list[1]  failed",
    ]);
  });

  it("that the platform is away, and that it is back", async () => {
    const { teller, said } = told(true);
    teller.standing("broken");
    await turn();
    teller.standing("open");
    assert.deepEqual(said(), ["The platform is not reachable, retrying …", "Reconnected."]);
  });
});

describe("a run whose task stays queued", () => {
  const explanation = {
    ...{ summary: "no agent offers greeting.send", waits: [], candidates: [], failures: [], parts: [] },
    remedies: [{ text: "start a worker that handles it", command: "npx node worker.ts" }],
  };

  /** Checks `checks` times, and collects what the teller is given. */
  async function told(model: RunModel, checks: number, shown = explanation): Promise<readonly string[][]> {
    const ended = new AbortController();
    const given: string[][] = [];
    const asked: string[] = [];
    let left = checks;
    await tellCauses({
      model,
      shell: {
        pause: async () => {
          if (left-- === 0) ended.abort();
        },
      },
      teller: { stuck: (lines) => given.push([...lines]) },
      why: async (task) => {
        asked.push(task);
        return shown;
      },
      signal: ended.signal,
    });
    assert.deepEqual(new Set(asked), new Set(given.some((lines) => lines.length > 0) ? ["send"] : []));
    return given;
  }

  it("is explained with what helps, when two checks in a row find it", async () => {
    const model = new RunModel();
    model.take({ run: run("running"), tasks: [task("compose", "completed"), task("send", "queued")] });
    assert.deepEqual(await told(model, 2), [
      [],
      ["no agent offers greeting.send", "→ npx node worker.ts   start a worker that handles it"],
    ]);
  });

  it("is not explained while another task runs", async () => {
    const model = new RunModel();
    model.take({ run: run("running"), tasks: [task("compose", "running"), task("send", "queued")] });
    assert.deepEqual(await told(model, 3), [[], [], []]);
  });

  it("is explained once in lines", () => {
    const shell = memoryShell();
    const print = new Printer(shell, { isJson: false, isQuiet: false, noColours: true });
    const teller = new LineTeller({ print, shell, isSilent: false });
    for (const lines of [[], ["no agent"], ["no agent"], []]) teller.stuck(lines);
    assert.equal(shell.errors.text, "no agent\n");
  });
});

describe("a run drawn on a terminal", () => {
  it("another size of the window is another frame at once, and the end shows the cursor again", () => {
    const shell = memoryShell({ terminal: { columns: 80, rows: 24 } });
    const teller = new FrameTeller({ sink: shell.errors, style, shell });
    const model = new RunModel();
    model.take({ run: run("running"), tasks: [task("a", "running")] });
    teller.changed(model);
    teller.standing("open");
    const before = shell.errors.text.length;
    shell.errors.resize(60, 20);
    const frame = shell.errors.text.slice(before);
    assert.match(frame, /● {2}a/);
    for (const line of frame.split("\n")) assert.ok(withoutCodes(line).length <= 60, line);
    model.take({ run: run("completed", { endTimeMs: 5 }), tasks: [task("a", "completed")] });
    teller.end(model);
    assert.match(withoutCodes(shell.errors.text), /✓ r1 +completed/);
    assert.ok(shell.errors.text.endsWith("\u001b[?25h"));
    shell.errors.resize(70, 20);
    assert.ok(shell.errors.text.endsWith("\u001b[?25h"), "nothing is drawn after the end");
  });

  it("while the platform is away the graph stays, with a line that says so below it", async () => {
    const shell = inTime(memoryShell({ terminal: { columns: 80, rows: 24 } }));
    const teller = new FrameTeller({ sink: shell.errors, style, shell });
    const model = new RunModel();
    model.take({ run: run("running"), tasks: [task("a", "running")] });
    teller.changed(model);
    teller.standing("broken");
    await turn();
    assert.match(withoutCodes(shell.errors.text), /● {2}a[\s\S]*The platform is not reachable, retrying …/);
    const before = shell.errors.text.length;
    teller.standing("open");
    assert.doesNotMatch(shell.errors.text.slice(before), /away/);
    teller.end(model);
  });
});

function withoutCodes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of a terminal
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}
