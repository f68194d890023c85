import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TuttiError } from "../../errors/tutti-error.ts";
import { sleep } from "../../ports/timers.ts";
import { VirtualTime } from "../../testing/index.ts";
import { inDependencyOrder } from "./dependency-order.ts";
import { composeObserved, composeSteps, type StepObserver, type StepOutcome } from "./pipeline.ts";
import { defineStep, type Step } from "./step.ts";
import { StepRegistry } from "./step-registry.ts";

type Text = Step<string, Promise<string>>;

const wrap = (name: string): Text =>
  defineStep<string, Promise<string>>({
    name,
    scope: "core",
    around: async (input, next) => `${name}(${await next(`${input}${name}`)})`,
  });
const last = async (input: string): Promise<string> => `<${input}>`;

function watched() {
  const time = new VirtualTime();
  const outcomes = new Map<string, StepOutcome>();
  const observer: StepObserver = { clock: time, watch: (step) => (outcome) => outcomes.set(step, outcome) };
  return { time, outcomes, observer };
}

describe("pipelines", () => {
  it("pass the input in and the output back through each step, in order", async () => {
    assert.equal(await composeSteps([wrap("a"), wrap("b")], last)("-"), "a(b(<-ab>))");
    assert.equal(await composeSteps([], last)("-"), "<->");
  });

  it("let a step return a reply, and skip the steps after it", async () => {
    const cached: Text = { name: "cache", scope: "core", around: async () => "known" };
    const unreachable: Text = { name: "after", scope: "core", run: () => assert.fail("run") };
    assert.equal(await composeSteps([wrap("a"), cached, unreachable], last)("-"), "a(known)");
  });

  it("continue after a step that only runs, when it is done", async () => {
    const time = new VirtualTime();
    const log: string[] = [];
    const steps: Text[] = [
      { name: "at once", scope: "core", run: (input) => void log.push(`at once ${input}`) },
      {
        name: "waits",
        scope: "core",
        run: async () => {
          await sleep(time, 10);
          log.push(`waited until ${time.monotonic()}`);
        },
      },
    ];
    assert.equal(await time.settle(composeSteps(steps, last)("-")), "<->");
    assert.deepEqual(log, ["at once -", "waited until 10"]);
  });

  it("stay synchronous if all their steps are", () => {
    const doubled: Step<number, number> = { name: "double", scope: "core", around: (n, next) => next(n * 2) };
    const noted: Step<number, number> = { name: "note", scope: "core", run() {} };
    const { observer } = watched();
    const steps = [doubled, noted, doubled];
    assert.equal(composeSteps(steps, (n) => n + 1)(5), 21);
    assert.equal(
      composeObserved("sums", steps.slice(0, 2), (n: number) => n + 1, { observer, naming: "all" })(5),
      11,
    );
  });

  it("compose into the same function observed or not, for any mix of steps", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("around", "async around", "run", "async run"), { maxLength: 6 }),
        async (kinds) => {
          const { observer } = watched();
          const steps = kinds.map((kind, index): Text => {
            const name = `s${index}`;
            if (kind === "around")
              return { name, scope: "core", around: (input, next) => next(`${input}${index}`) };
            if (kind === "async around") return wrap(name);
            return { name, scope: "core", run: kind === "run" ? () => {} : async () => {} };
          });
          const observed = composeObserved("p", steps, last, { observer, naming: "all" });
          assert.equal(await observed("-"), await composeSteps(steps, last)("-"));
        },
      ),
      { numRuns: 60 },
    ));
});

describe("observed pipelines", () => {
  it("report the own time of each step, without the time of later steps", async () => {
    const { time, outcomes, observer } = watched();
    const steps: Text[] = [
      {
        name: "outer",
        scope: "core",
        around: async (input, next) => {
          await sleep(time, 5);
          const output = await next(input);
          await sleep(time, 5);
          return output;
        },
      },
      { name: "inner", scope: "core", run: () => sleep(time, 30) },
    ];
    const slow = async (input: string) => {
      await sleep(time, 100);
      return input;
    };
    await time.settle(composeObserved("p", steps, slow, { observer, naming: "all" })("-"));
    assert.deepEqual(Object.fromEntries(outcomes), {
      outer: { durationMs: 10, failed: false },
      inner: { durationMs: 30, failed: false },
    });
  });

  const broken = (error: unknown): Text => ({
    name: "open-journal",
    scope: "core",
    around: () => Promise.reject(error),
  });

  it("name only the step that failed, with any steps around it", async () => {
    const { outcomes, observer } = watched();
    const fault = new Error("no such file");
    const run = composeObserved("start-up", [wrap("a"), broken(fault), wrap("b")], last, {
      observer,
      naming: "faults",
    });
    await assert.rejects(run("-"), {
      code: "lifecycle.step_failed",
      message: "step `open-journal` of pipeline `start-up` failed: no such file",
      details: { pipeline: "start-up", step: "open-journal" },
      cause: fault,
    });
    assert.equal(outcomes.get("a")?.failed, false);
    assert.equal(outcomes.get("open-journal")?.failed, true);
  });

  it("include the remedy for an error of the operating system", async () => {
    const { observer } = watched();
    const fault = Object.assign(new Error("EACCES: permission denied, open '/d/1.log'"), { code: "EACCES" });
    const run = composeObserved("start-up", [broken(fault)], last, { observer, naming: "all" });
    await assert.rejects(run("-"), {
      code: "kernel.no_permission",
      message:
        /^step `open-journal` .* access: EACCES: .*'\/d\/1\.log'\. Correct the owner and the permissions\.$/,
    });
  });

  it("name it also when it is thrown at once, or when a step replaces the error of another", async () => {
    const { observer } = watched();
    const options = { observer, naming: "all" } as const;
    const throwing: Text = {
      name: "throws",
      scope: "core",
      around: () => {
        throw new Error("at once");
      },
    };
    const replacing: Text = {
      name: "replaces",
      scope: "core",
      around: (input, next) =>
        next(input).catch(() => {
          throw new Error("another");
        }),
    };
    await assert.rejects(async () => composeObserved("p", [wrap("a"), throwing], last, options)("-"), {
      message: "step `throws` of pipeline `p` failed: at once",
    });
    await assert.rejects(composeObserved("p", [replacing, broken(new Error("first"))], last, options)("-"), {
      message: "step `replaces` of pipeline `p` failed: another",
    });
  });

  it("leave an error of the end of the pipeline unchanged, because the end is not a step", async () => {
    const { observer } = watched();
    const fault = new Error("the handler's own");
    const run = composeObserved("p", [wrap("a")], () => Promise.reject(fault), { observer, naming: "all" });
    await assert.rejects(run("-"), fault);
  });

  it("keep the code of a TuttiError, and its message too if only faults are named", async () => {
    const { observer } = watched();
    const refusal = new TuttiError({
      code: "mesh.denied",
      status: "PERMISSION_DENIED",
      message: "expected a role",
      details: { role: "ops" },
    });
    const pipeline = (naming: "all" | "faults") =>
      composeObserved("request", [broken(refusal)], last, { observer, naming })("-");
    await assert.rejects(pipeline("faults"), refusal);
    await assert.rejects(pipeline("all"), {
      code: "mesh.denied",
      status: "PERMISSION_DENIED",
      message: "step `open-journal` of pipeline `request` failed: expected a role",
      details: { role: "ops", pipeline: "request", step: "open-journal" },
      cause: refusal,
    });
  });
});

describe("StepRegistry", () => {
  const nothing = (name: string, dependsOn: readonly string[] = []): Step<string, string> => ({
    name,
    scope: "service",
    dependsOn,
    run() {},
  });
  const namesOf = (registry: StepRegistry<string, string>) => registry.list().map(({ name }) => name);

  it("lists steps as registered, inserted and replaced", () => {
    const registry = new StepRegistry<string, string>("request")
      .register(nothing("authenticate"))
      .register(nothing("handle"))
      .insertBefore("handle", nothing("authorize"))
      .insertAfter("authenticate", nothing("trace"))
      .replace("authenticate", { ...nothing("authenticate"), scope: "integration" });
    assert.deepEqual(namesOf(registry), ["authenticate", "trace", "authorize", "handle"]);
    assert.equal(registry.has("trace"), true);
    assert.deepEqual(registry.describe()[0], { name: "authenticate", scope: "integration", dependsOn: [] });
  });

  it("keeps dependencies on a step when a step with another name replaces it", () => {
    const registry = new StepRegistry<string, string>("p")
      .register(nothing("first", ["second"]))
      .register(nothing("second"))
      .replace("second", nothing("other"));
    assert.deepEqual(namesOf(registry), ["other", "first"]);
  });

  it("shows a list with a missing dependency as declared, and refuses to compose it", () => {
    const registry = new StepRegistry<string, string>("p").register(nothing("a", ["b"]));
    assert.deepEqual(registry.describe(), [{ name: "a", scope: "service", dependsOn: ["b"] }]);
    assert.throws(() => registry.compose(String), {
      message: "`a` needs step `b` of pipeline `p`, which has `a`. Register the step, or correct the name.",
    });
  });

  const refused: readonly [string, (registry: StepRegistry<string, string>) => unknown, string][] = [
    [
      "a second step of a name",
      (r) => r.register(nothing("a")),
      "Pipeline `p` already has a step `a`. Rename the step, or replace the first one.",
    ],
    [
      "a place that is not there",
      (r) => r.insertBefore("c", nothing("d")),
      "insertBefore needs step `c` of pipeline `p`, which has `a`, `b`. Register the step, or correct the name.",
    ],
    [
      "a circle",
      (r) =>
        r
          .insertBefore("a", nothing("c", ["b"]))
          .insertAfter("a", nothing("d"))
          .replace("b", nothing("b", ["d"])),
      "Pipeline `p` has a cycle of dependencies: c → b → d → a → c. Remove one of them.",
    ],
    [
      "a change after it was composed",
      (r) => {
        r.compose(String);
        r.register(nothing("c"));
      },
      "Step `c` cannot be added, because pipeline `p` is already composed. Add the step before the service starts.",
    ],
  ];
  for (const [title, act, message] of refused) {
    it(`refuses ${title}`, () => {
      const registry = new StepRegistry<string, string>("p").register(nothing("a")).register(nothing("b"));
      assert.throws(() => act(registry), { message });
    });
  }
});

describe("inDependencyOrder", () => {
  const table: readonly [string, Readonly<Record<string, readonly string[]>>, readonly string[]][] = [
    ["nothing", {}, []],
    ["as declared without dependencies", { b: [], a: [] }, ["b", "a"]],
    ["a dependency declared later comes first", { a: ["c"], b: [], c: [] }, ["b", "c", "a"]],
    ["a diamond", { d: ["b", "c"], b: ["a"], c: ["a"], a: [] }, ["a", "b", "c", "d"]],
  ];
  for (const [title, graph, expected] of table) {
    it(title, () => {
      const declared = Object.entries(graph).map(([name, dependsOn]) => ({ name, dependsOn }));
      assert.deepEqual(
        inDependencyOrder("p", declared).map(({ name }) => name),
        expected,
      );
    });
  }
});
