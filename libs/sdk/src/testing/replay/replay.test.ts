import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { RunStartedV1 } from "@tutti/contracts/workflow/v1";
import { delayed, failing, type RunHistory, replay, type TestHandlers, testWorkflow } from "../index.ts";

const order = `workflow: order
tasks:
  reserve: {uses: stock.reserve, with: "\${{ input }}", compensate: {uses: stock.release}}
  charge: {uses: pay.charge, needs: [reserve], with: {cents: 5}, retry: {attempts: 3, backoff: 1m, factor: 1, jitter: 0.5}}
  paid: {wait: {signal: paid, within: 7d}, needs: [charge]}
  rest: {wait: 1d, needs: [paid]}
  ship: {uses: ship.send, needs: [rest], timeout: {total: 2h}, with: "\${{ tasks.paid.output }}"}
output: "\${{ tasks.ship.output }}"
`;

const handlers: TestHandlers = {
  "stock.reserve": () => "seven",
  "stock.release": () => null,
  "pay.charge": failing(2, "pay.unreachable"),
  "ship.send": delayed("1h", (address) => ({ sent: address })),
};

async function recorded(): Promise<RunHistory> {
  const run = await testWorkflow(order, { handlers }).start({ input: { n: 1 } });
  await run.skip("3h");
  run.signal("paid", "Bern");
  await run.result();
  return run.history;
}

describe("a history against a changed definition", () => {
  it("delivers events to the same tasks", async () => {
    const text = `workflow: w
tasks:
  one: {wait: {event: shop.made}}
  two: {wait: {event: shop.made, if: event.data.n > 1}}
output: ["\${{ tasks.one.output.id }}", "\${{ tasks.two.output.id }}"]
`;
    const test = testWorkflow(text, { handlers: {} });
    const run = await test.start();
    await test.post("shop.made", { n: 1 }, { id: "a" });
    await test.post("shop.made", { n: 2 }, { id: "b" });
    assert.deepEqual(await run.result(), ["a", "b"]);
    const same = replay(run.history, text);
    assert.equal(same.differs, false, same.message);
    assert.ok(replay(run.history, text.replace("n > 1", "n > 2")).differs);
  });

  it("does not differ if only the description has changed", async () => {
    const found = replay(
      await recorded(),
      order.replace("workflow: order", "workflow: order\ndescription: It sells"),
    );
    assert.equal(found.differs, false, found.message);
    assert.match(String(found), /^the changed definition would have decided the same: \d+ events$/);
  });

  for (const [change, from, to, expected] of [
    [
      "another input",
      "cents: 5",
      "cents: 6",
      /at event \d+ of \d+:\n {2}expected task_queued charge .*"cents":5.*\n {2}found {4}task_queued charge .*"cents":6/,
    ],
    [
      "another capability",
      "pay.charge",
      "pay.debit",
      /expected task_queued charge .*pay.charge.*\n {2}found .*pay.debit/,
    ],
    [
      "fewer attempts",
      "attempts: 3",
      "attempts: 2",
      /expected attempt_failed charge .*\n {2}found {4}task_failed charge .*pay.unreachable/,
    ],
    [
      "a longer pause",
      "backoff: 1m",
      "backoff: 10m",
      /expected attempt_failed charge .*, tried again after (1m|\d+(\.\d+)?s).*\n {2}found {4}a pause of 5m to 10m/,
    ],
    [
      "a longer wait",
      "wait: 1d",
      "wait: 2d",
      /expected task_waiting rest .*"1d".*\n {2}found {4}task_waiting rest .*"2d"/,
    ],
    [
      "a shorter time",
      "total: 2h",
      "total: 30m",
      /expected .* ship.*\n {2}found {4}task_failed ship .*workflow.timed_out/,
    ],
    [
      "a task between others",
      "  paid: {wait: {signal: paid, within: 7d}, needs: [charge]}",
      "  check: {uses: pay.check, needs: [charge]}\n  paid: {wait: {signal: paid, within: 7d}, needs: [check]}",
      /expected task_waiting paid .*\n {2}found {4}task_queued check /,
    ],
    [
      "a task at the end",
      "output:",
      "  thank: {uses: mail.send, needs: [ship]}\noutput:",
      /expected run_completed .*\n {2}found {4}task_queued thank /,
    ],
    [
      "another output",
      'output: "${{ tasks.ship.output }}"',
      "output: done",
      /expected run_completed .*Bern.*\n {2}found {4}run_completed .*"done"/,
    ],
    [
      "another signal",
      "signal: paid",
      "signal: pays",
      /expected task_waiting paid .*"paid".*\n {2}found {4}task_waiting paid .*"pays"/,
    ],
  ] as const)
    it(`with ${change} differs at the decision`, async () => {
      const changed = order.replace(from, () => to);
      assert.notEqual(changed, order);
      const found = replay(await recorded(), changed);
      assert.ok(found.differs);
      assert.match(found.message, expected);
    });

  it("is read from files and from services, if the definition of the recording is passed", async () => {
    const { events } = await recorded();
    const stripped = events.map(({ payload, ...event }) => ({
      ...event,
      payload: new Uint8Array(Buffer.from(String(payload), "base64")),
    }));
    assert.equal(replay(stripped, order).differs, false);
    const moved = order.replace("tasks:\n", "tasks:\n  first: {set: 1}\n");
    const found = replay(stripped, moved, { recordedWith: order });
    assert.match(found.message, /expected .* reserve .*\n {2}found {4}task_completed first/);
    assert.throws(
      () => replay(stripped, order, { recordedWith: moved }),
      /expected `recordedWith` to be the definition/,
    );
    assert.throws(() => replay(stripped.slice(1), order), /from its first event, run_started, got /);
  });
});

describe("histories of all kinds of tasks, against their own definitions", () => {
  const stories: readonly (readonly [string, string, (run: Run) => void | Promise<void>])[] = [
    [
      "lists",
      `each: {forEach: "\${{ [1, 2, 3] }}", maxParallel: 2, uses: ok, with: "\${{ item }}"}`,
      () => {},
    ],
    [
      "rounds",
      `poll: {loop: {max: 3, every: 1h, while: "true", tasks: {a: {uses: ok}}}, mayFail: true}`,
      () => {},
    ],
    [
      "failures",
      `a: {uses: bad, retry: {attempts: 2, backoff: 1s}, mayFail: true}\n  b: {uses: ok, needs: [{task: a, on: failure}]}`,
      () => {},
    ],
    [
      "undoing",
      `a: {uses: ok, compensate: {uses: ok, with: "\${{ output }}"}}\n  b: {uses: bad, needs: [a]}`,
      () => {},
    ],
    ["timeouts", `a: {uses: slow, timeout: {total: 1h}, mayFail: true}`, () => {}],
    [
      "questions",
      `a: {approve: {by: [anna]}}\n  b: {approve: {within: 1d}, mayFail: true}`,
      (run) => run.approve("a"),
    ],
    [
      "labels and ends",
      "a: {uses: slow}",
      async (run) => {
        await run.skip("1h");
        run.pause();
        run.resume();
        run.cancel("enough");
      },
    ],
    [
      "mending by hand",
      "a: {uses: bad, retry: {attempts: 1, exhausted: pause}}\n  b: {uses: ok, needs: [a]}",
      (run) => run.repair("a", 7),
    ],
    [
      "retrying",
      "a: {uses: bad}",
      async (run) => {
        await run.failure();
        run.retry();
      },
    ],
    [
      "checks",
      `a: {uses: ok, checks: [{name: fine, condition: "output == 'never'"}], mayFail: true}`,
      () => {},
    ],
    ["a run without running tasks", `a: {set: 1}\n  b: {wait: 2h, needs: [a]}`, () => {}],
    ["limits", `a: {uses: ok}\nlimits: [{key: one, concurrency: 1}]`, () => {}],
    [
      "a cache",
      `a: {uses: ok, cache: {key: x, ttl: 1h}}\n  b: {uses: ok, needs: [a], cache: {key: x, ttl: 1h}}`,
      () => {},
    ],
    [
      "waits for an output that another task computes",
      `a: {uses: brief, cache: {key: x, ttl: 1h}}\n  b: {uses: brief, cache: {key: x, ttl: 1h}}`,
      () => {},
    ],
    [
      "outputs that another task failed to compute",
      `a: {uses: bad, retry: {attempts: 1}, mayFail: true, cache: {key: x, ttl: 1h}}\n  b: {uses: bad, retry: {attempts: 1}, mayFail: true, cache: {key: x, ttl: 1h}}`,
      () => {},
    ],
    [
      "cached failures",
      `a: {uses: bad, retry: {attempts: 1}, mayFail: true, cache: {key: x, ttl: 1h, failures: 1h}}\n  b: {uses: bad, retry: {attempts: 1}, mayFail: true, cache: {key: x, ttl: 1h, failures: 1h}}\n  c: {uses: bad, retry: {attempts: 1}, needs: [{task: a, on: always}], mayFail: true, cache: {key: x, ttl: 1h, failures: 1h}}`,
      () => {},
    ],
    [
      "children",
      `a: {workflow: sub, with: 1}\n  b: {workflow: sub, needs: [a], with: 2, retry: {attempts: 2, backoff: 1h}, mayFail: true}`,
      () => {},
    ],
  ];
  const sub = `workflow: sub\ntasks: {a: {uses: odd, with: "\${{ input }}"}}`;

  for (const [title, tasks, act] of stories)
    it(`${title} do not differ`, async () => {
      const text = `workflow: story\ntasks:\n  ${tasks}\n`;
      const bad = failing(99, "test.broken");
      const odd = (n: number) => {
        if (n % 2 === 0) throw new Error("even");
      };
      const test = testWorkflow(text, {
        handlers: { ok: () => "ok", brief: delayed("1m"), slow: delayed("2d"), bad, odd },
        children: [sub],
      });
      const run = await test.start();
      await act(run);
      await run.failure();
      const found = replay(run.history, text);
      assert.equal(found.differs, false, `${found.message}\n${run.timeline}`);
    });
});

type Run = Awaited<ReturnType<ReturnType<typeof testWorkflow>["start"]>>;

describe("histories that an installation recorded", () => {
  const folder = new URL("../../../../../examples/workflows/", import.meta.url);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of names)
    it(`${name}: do not differ`, () => {
      const at = (file: string) => readFileSync(new URL(`${name}/${file}`, folder), "utf8");
      const texts = readdirSync(new URL(`${name}/`, folder))
        .filter((file) => file.endsWith(".yaml"))
        .map(at);
      for (const file of readdirSync(new URL(`${name}/history/`, folder))) {
        const history = JSON.parse(at(`history/${file}`)) as RunHistory;
        const { order } = RunStartedV1.decode(Buffer.from(String(history.events[0]?.payload), "base64"));
        const own = new RegExp(`^workflow: ${order?.definition}$`, "m");
        const found = replay(history, texts.find((text) => own.test(text)) ?? "");
        assert.equal(found.differs, false, `${file}: ${found.message}`);
      }
    });
});
