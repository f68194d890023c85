import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { input, outputOf, uses, workflow } from "@tutti/definitions";
import { currentTask, durable, TaskFailure } from "../index.ts";
import type { Worker } from "../worker/worker.ts";
import { busy, delayed, failing, hanging, sleep, testWorkflow, WorkflowTestError } from "./index.ts";

const order = `workflow: order
input: {schema: {type: object, required: [cents], properties: {cents: {type: integer}}}}
tasks:
  reserve: {uses: stock.reserve, with: {cents: "\${{ input.cents }}"}, compensate: {uses: stock.release, with: "\${{ output }}"}}
  charge: {uses: pay.charge, needs: [reserve], with: {cents: "\${{ input.cents }}"}, retry: {attempts: 3, backoff: 1m..1h, jitter: 0}}
  paid: {wait: {signal: paid, within: 7d}, needs: [charge]}
  ship: {uses: ship.send, needs: [paid], with: "\${{ tasks.paid.output }}"}
output: "\${{ tasks.ship.output }}"
`;

describe("a workflow in a test", () => {
  it("skips backoff, waits for a signal, and returns the output", async () => {
    const test = testWorkflow<{ readonly cents: number }, string>(order, {
      handlers: {
        "stock.reserve": async () => "seven",
        "stock.release": () => null,
        "pay.charge": failing(2, "pay.unreachable", () => ({ payment: 1 })),
        "ship.send": async ({ address }: { readonly address: string }) => `sent to ${address}`,
      },
    });
    const run = await test.start({ input: { cents: 5 } });
    assert.deepEqual(run.task("charge").status, "retrying");
    await run.skip("3d");
    assert.equal(run.task("charge").attempts, 3);
    assert.deepEqual(
      test.calls("pay.charge").map(({ time }) => time.toISOString().slice(11, 19)),
      ["00:00:00", "00:01:00", "00:03:00"],
    );
    assert.equal(run.status, "running");
    assert.match(run.explain("ship"), /`ship` is pending: /);
    run.signal("paid", { address: "Bern" });
    assert.equal(await run.result(), "sent to Bern");
    assert.equal(run.now.toISOString(), "2026-01-04T00:00:00.000Z");
    assert.equal(run.task("charge").error, undefined);
    assert.deepEqual(run.task("ship").output, "sent to Bern");
    assert.match(run.timeline, /task_queued {7}reserve .*"cents":5/);
    assert.match(run.timeline, /\+3m? +task_completed +charge/);
    assert.equal(run.events.at(-1)?.type, "run_completed");
    assert.equal(run.events.find(({ type }) => type === "signal_received")?.actor, "tester");
  });

  it("needs no handlers if no task uses one, and a worker accepts functions separately or as a list", async () => {
    const sum = 'workflow: sum\ntasks: {add: {set: 3}}\noutput: "${{ tasks.add.output }}"';
    assert.equal(await testWorkflow(sum).execute(), 3);
    const double = durable("double", async (_, input: number) => input * 2);
    const greet = durable("greet", async (_, name: string) => `hello ${name}`);
    for (const handlers of [
      (worker: Worker) => void worker.durable([double, greet]),
      (worker: Worker) => void worker.durable(double).durable(greet),
    ]) {
      assert.equal(await testWorkflow<number>(double.definition, { handlers }).execute({ input: 4 }), 8);
      const greeting = await testWorkflow<string>(greet.definition, { handlers }).execute({
        input: "x",
      });
      assert.equal(greeting, "hello x");
    }
  });

  it("times out after a week of virtual time, and compensates completed steps", async () => {
    const released: unknown[] = [];
    const test = testWorkflow(order, {
      handlers: {
        "stock.reserve": () => "seven",
        "stock.release": (item) => void released.push(item),
        "pay.charge": () => null,
        "ship.send": () => null,
      },
    });
    const run = await test.start({ input: { cents: 5 } });
    const error = await run.failure();
    assert.equal(run.status, "failed");
    assert.match(error?.message ?? "", /paid/);
    assert.deepEqual(released, ["seven"]);
    assert.equal(run.now.toISOString(), "2026-01-08T00:00:00.000Z");
    assert.deepEqual(
      run.calls.map(({ capability, isUndo }) => [capability, isUndo]),
      [
        ["stock.reserve", false],
        ["pay.charge", false],
        ["stock.release", true],
      ],
    );
  });

  it("a missing handler fails the test with a remedy, regardless of how the definition handles failures", async () => {
    const test = testWorkflow(
      `workflow: w
tasks: {a: {uses: stock.reserve, mayFail: true, retry: {attempts: 5}}}`,
      { handlers: { "pay.charge": () => null } },
    );
    const run = await test.start();
    await assert.rejects(run.result(), (error) => {
      assert.ok(error instanceof WorkflowTestError);
      assert.equal(
        error.message,
        'expected a handler for stock.reserve, which task a of run run-1 uses, got handlers for pay.charge; add "stock.reserve": async (input, context) => … to `handlers`',
      );
      return true;
    });
  });

  it("a wait for a person or a signal is reported, instead of an endless wait", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {go: {wait: {signal: go}}}`, { handlers: {} });
    const run = await test.start();
    await assert.rejects(
      run.result(),
      /but no timer is pending. Send it a signal.*\n.*1 waits for the signal go(.*\n)+.*`go` is waiting/,
    );
    run.signal("go", 7);
    assert.deepEqual(await run.result(), { go: 7 });
  });

  it("a timeout is reported, with the current step", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {go: {wait: 30d}}`, { handlers: {} });
    const run = await test.start();
    await assert.rejects(run.result({ within: "3d" }), /to end within 3d, but it is running\n/);
    await run.result();
    assert.equal(test.now.toISOString(), "2026-01-31T00:00:00.000Z");
  });

  it("all errors of a definition are reported at once, with their places", () => {
    assert.throws(
      () =>
        testWorkflow(`workflow: w\ntasks:\n  a: {uses: x, needs: [b]}\n  c: {usess: y}`, { handlers: {} }),
      /has [2-9] errors:\ndefinition.yaml:3:\d+: error: .*\ndefinition.yaml:4:/,
    );
  });

  it("an input that the schema refuses is reported with the paths of the wrong values", async () => {
    const test = testWorkflow(order, { handlers: {} });
    await assert.rejects(
      test.start({ input: { cents: "five" } }),
      /satisfies the schema of order.*\ninput.cents: /,
    );
  });

  it("accepts a definition from the builder", async () => {
    const built = workflow("double", {
      tasks: { twice: uses("math.double", { with: input<{ readonly n: number }>().n }) },
      output: outputOf("twice"),
    });
    const test = testWorkflow<{ readonly n: number }, number>(built, {
      handlers: { "math.double": (n: number) => n * 2 },
    });
    assert.equal(await test.execute({ input: { n: 21 } }), 42);
  });

  it("accepts the function that adds a worker's handlers, and replacements for single handlers", async () => {
    const handle = (worker: Worker) => {
      worker.handle("a.one", async () => "real one", { version: "2.1.0" });
      worker.handle("a.two", async () => "real two");
    };
    const test = testWorkflow(`workflow: w\ntasks: {one: {uses: a.one}, two: {uses: a.two}}`, {
      handlers: [handle, { "a.two": () => "faked two" }],
    });
    assert.deepEqual(await test.execute(), { one: "real one", two: "faked two" });
  });
});

describe("a handler in a test", () => {
  it("sees the same task context as in a worker, also three calls below", async () => {
    const printed: string[] = [];
    const deep = async () => void printed.push(inspect(currentTask()));
    const hop = async () => deep();
    const test = testWorkflow(
      `workflow: w
tasks: {charge: {uses: pay.charge, timeout: 30s, idempotencyKey: "pay-\${{ run.id }}", labels: {region: eu}}}`,
      {
        handlers: {
          "pay.charge": async (_, context) => {
            await hop();
            return { ...context.labels, attempt: context.attempt, left: context.remainingMs };
          },
        },
      },
    );
    const run = await test.start({ id: "order-17" });
    assert.deepEqual(await run.result(), { charge: { region: "eu", attempt: 1, left: 30_000 } });
    assert.match(
      printed[0] ?? "",
      /^task pay.charge@1.0.0\n {2}caller {4}run order-17, task charge in namespace default, attempt 1\n {2}remaining 30 s\n {2}trace {5}00-[0-9a-f]{32}-[0-9a-f]{16}-01\n {2}key {7}pay-order-17$/,
    );
  });

  it("reads an output that is too large for a message", async () => {
    const definition = `workflow: large
tasks:
  write: {uses: text.write}
  count: {uses: text.count, with: "\${{ tasks.write.output }}"}
output: "\${{ tasks.count.output }}"
`;
    const length = 2_000_000;
    const handlers = {
      "text.write": () => "x".repeat(length),
      "text.count": (text: unknown) => String(text).length,
    };
    assert.equal(await testWorkflow(definition, { handlers }).execute(), length);
  });

  it("receives its saved progress in the next attempt", async () => {
    const savedValues: unknown[] = [];
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a, retry: {attempts: 2, backoff: 1h}}}`, {
      handlers: {
        a: (_, context) => {
          savedValues.push(context.saved);
          context.progress({ fraction: 0.5, message: "half", saved: { at: 3 } });
          if (context.attempt === 1) throw new Error("broken");
          return "done";
        },
      },
    });
    const run = await test.start();
    assert.deepEqual(await run.result(), { a: "done" });
    assert.deepEqual(savedValues, [undefined, { at: 3 }]);
  });

  it("that fails for good is not tried again, and its code arrives", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a, retry: {attempts: 5}}}`, {
      handlers: {
        a: () => {
          throw new TaskFailure("card.declined", "no", { final: true });
        },
      },
    });
    const run = await test.start();
    assert.equal((await run.failure())?.code, "card.declined");
    assert.equal(run.task("a").attempts, 1);
  });

  it("that is busy does not use up attempts", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a}}`, {
      handlers: { a: busy(3, "1h", () => "at last") },
    });
    const run = await test.start();
    assert.deepEqual(await run.result(), { a: "at last" });
    assert.equal(test.now.toISOString(), "2026-01-01T03:00:00.000Z");
  });

  it("that exceeds its timeout is reported, and fails with it", async () => {
    const test = testWorkflow(
      `workflow: w\ntasks: {a: {uses: a, timeout: 10s, retry: {attempts: 2, backoff: 1s, jitter: 0}}}`,
      {
        handlers: { a: delayed("1d") },
      },
    );
    const run = await test.start();
    assert.equal((await run.failure())?.code, "sdk.timed_out");
    assert.equal(run.task("a").attempts, 2);
    assert.equal(test.now.toISOString(), "2026-01-01T00:00:21.000Z");
  });

  it("that sends no heartbeat is replaced", async () => {
    let calls = 0;
    const test = testWorkflow(
      `workflow: w\ntasks: {a: {uses: a, timeout: {heartbeat: 30s}, retry: {attempts: 2, backoff: 1s}}}`,
      {
        handlers: {
          a: async (_, context) => {
            if (++calls === 1) await sleep("5m");
            for (let minute = 0; minute < 5; minute++) {
              await sleep("20s");
              context.heartbeat();
            }
            return calls;
          },
        },
      },
    );
    assert.deepEqual(await test.execute(), { a: 2 });
  });

  it("that hangs is cancelled with its run", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a}}`, { handlers: { a: hanging() } });
    const run = await test.start();
    await run.skip("1h");
    assert.equal(run.task("a").status, "running");
    run.cancel("no longer wanted");
    assert.match((await run.failure())?.message ?? "", /no longer wanted/);
    assert.equal(run.status, "cancelled");
  });

  it("that hangs delays virtual time only for the patience of the test, and then times out", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a, timeout: 1h}}`, {
      handlers: { a: () => new Promise(() => {}) },
      patienceMs: 5,
    });
    const run = await test.start();
    assert.equal((await run.failure())?.code, "sdk.timed_out");
  });

  it("that returns no JSON fails with the path", async () => {
    const test = testWorkflow(`workflow: w\ntasks: {a: {uses: a}}`, {
      handlers: { a: () => ({ n: Number.NaN }) },
    });
    const run = await test.start();
    assert.match((await run.failure())?.message ?? "", /is not JSON: NaN at output.n/);
  });
});

describe("features of definitions in a test", () => {
  it("children run by their definitions, and a missing definition is named", async () => {
    const parent = `workflow: book
tasks: {chapter: {forEach: "\${{ input }}", workflow: chapter, with: {title: "\${{ item }}"}}}
output: "\${{ tasks.chapter.output }}"`;
    const chapter = `workflow: chapter
tasks: {write: {uses: book.write, with: "\${{ input.title }}"}, rest: {wait: 1d, needs: [write]}}
output: "\${{ tasks.write.output }}"`;
    const handlers = { "book.write": (title: string) => `It was ${title}.` };
    const test = testWorkflow<readonly string[], readonly string[]>(parent, {
      handlers,
      children: [chapter],
    });
    const run = await test.start({ input: ["a dark night", "a bright day"] });
    assert.equal(run.child("chapter[1]").status, "running");
    assert.deepEqual(await run.result(), ["It was a dark night.", "It was a bright day."]);
    const without = await testWorkflow(parent, { handlers }).start({ input: ["a"] });
    await assert.rejects(
      without.result(),
      /definition of chapter, which task chapter\[0\] of run run-1 starts, got none. Add it to `children`/,
    );
  });

  it("people decide by the test", async () => {
    const test = testWorkflow(
      `workflow: w
tasks: {sure: {approve: {by: [anna, ben], needed: 2, title: "Really?", within: 3d, context: {sum: 7}}}, go: {uses: go, needs: [sure]}}
output: "\${{ tasks.sure.output }}"`,
      { handlers: { go: () => null } },
    );
    const run = await test.start();
    assert.deepEqual(run.questions, [
      { task: "sure", title: "Really?", message: "", context: { sum: 7 }, by: ["anna", "ben"], needed: 2 },
    ]);
    run.approve("sure", { by: "anna" });
    assert.throws(() => run.approve("sure", { by: "eve" }), /eve/);
    run.approve("sure", { by: "ben", reason: "fine" });
    assert.deepEqual(await run.result(), {
      verdict: "approved",
      by: ["anna", "ben"],
      comment: "fine",
      data: null,
    });
    const other = await test.start();
    other.reject("sure", { by: "anna", reason: "no" });
    assert.match((await other.failure())?.message ?? "", /anna/);
  });

  it("limits run one run after the other", async () => {
    const test = testWorkflow(`workflow: w\nlimits: [{key: one, concurrency: 1}]\ntasks: {a: {uses: a}}`, {
      handlers: { a: delayed("3d") },
    });
    const [first, second] = [await test.start(), await test.start()];
    await first.skip("1h");
    assert.deepEqual([first.status, second.status], ["running", "pending"]);
    await second.result();
    assert.equal(test.now.toISOString(), "2026-01-07T00:00:00.000Z");
  });

  it("states, queries and updates", async () => {
    const test = testWorkflow(
      `workflow: door
vars: {opened: 0}
queries: {opened: {output: "\${{ vars.opened }}"}}
initial: shut
states:
  shut: {on: {push: {to: open, set: {opened: "\${{ vars.opened + 1 }}"}}, burn: ashes}}
  open: {after: {1h: shut}}
  ashes: {final: true, output: "\${{ vars.opened }}"}
`,
      { handlers: {} },
    );
    const run = await test.start();
    run.signal("push");
    run.signal("push");
    await run.until((each) => each.query("opened") === 2);
    await run.skip("2h");
    run.signal("burn");
    assert.equal(await run.result(), 2);
  });

  it("a run that is continued as new is followed to its end", async () => {
    const test = testWorkflow(
      `workflow: w
tasks: {rest: {wait: 1d}, work: {uses: work, needs: [rest], with: "\${{ run.incarnation }}"}}
continueAsNew: {when: "\${{ run.incarnation < 5 }}"}
output: "\${{ tasks.work.output }}"`,
      { handlers: { work: (n: number) => n } },
    );
    assert.equal(await test.execute(), 5);
    assert.equal(test.now.toISOString(), "2026-01-06T00:00:00.000Z");
  });

  it("a failed run is retried from the failed task", async () => {
    let isBroken = true;
    const test = testWorkflow(
      `workflow: w\nonFailure: keep\ntasks: {a: {uses: a}, b: {uses: b, needs: [a]}, c: {uses: c, needs: [b]}}`,
      {
        handlers: {
          a: () => "a",
          b: () => {
            if (isBroken) throw new TaskFailure("b.broken", "broken", { final: true });
            return "b";
          },
          c: () => "c",
        },
      },
    );
    const run = await test.start();
    assert.equal((await run.failure())?.code, "b.broken");
    isBroken = false;
    run.retry("mended");
    assert.deepEqual(await run.result(), { a: "a", b: "b", c: "c" });
    assert.equal(test.calls("a").length, 1);
  });

  it("a list of ten thousand is done", async () => {
    const test = testWorkflow(
      `workflow: w\ntasks: {each: {forEach: "\${{ input }}", uses: each, with: "\${{ item }}"}}`,
      {
        handlers: { each: (n: number) => n },
      },
    );
    const all = Array.from({ length: 10_000 }, (_, index) => index);
    assert.deepEqual(await test.execute({ input: all }), { each: all });
  });
});
