import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import fc from "fast-check";
import { arrivalsOf } from "./arrivals.ts";
import { Histogram } from "./histogram.ts";
import { reportHtml } from "./report-html.ts";
import { type LoadTime, runScenario, type Target } from "./runner.ts";
import { checkScenario, type Scenario } from "./scenario.ts";

function scenarioOf(text: string): Scenario {
  const { scenario, problems } = checkScenario({ format: "yaml", text, fileName: "load.yaml" });
  assert.deepEqual(problems, []);
  assert.ok(scenario !== undefined);
  return scenario;
}

function timeOf(virtual: VirtualTime): LoadTime {
  return {
    nowMs: () => virtual.monotonic(),
    pause: (durationMs, signal) =>
      new Promise((done) => {
        if (signal.aborted) return done();
        const timer = virtual.after(durationMs, done);
        signal.addEventListener("abort", () => {
          timer.cancel();
          done();
        });
      }),
  };
}

/** Returns a platform on which the test chooses the duration of runs. */
function targetOf(
  virtual: VirtualTime,
  durationOf: (number: number) => number,
): Target & { readonly inputs: unknown[] } {
  const inputs: unknown[] = [];
  const pause = timeOf(virtual).pause;
  return {
    inputs,
    async start(_, input) {
      inputs.push(input);
      return String(inputs.length - 1);
    },
    async waitForEnd(id, signal) {
      const ms = durationOf(Number(id));
      await pause(Math.abs(ms), signal);
      signal.throwIfAborted();
      return { completed: ms >= 0, code: ms >= 0 ? "" : "test.failed", message: "" };
    },
  };
}

async function reportOf(scenario: Scenario, durationOf: (number: number) => number) {
  const virtual = new VirtualTime();
  const target = targetOf(virtual, durationOf);
  const options = { target, time: timeOf(virtual), signal: new AbortController().signal };
  const report = await virtual.settle(runScenario(scenario, options));
  return { report, inputs: target.inputs };
}

const steady = `load: steady
phases:
  - {for: 2s, rate: 10, warmUp: true}
  - {name: soak, for: 10s, rate: 20}
mix: [{workflow: order, input: {n: "\${{ n }}"}}]
`;

describe("a load test", () => {
  it("histogram: quantiles are at most 1.6 % above the true ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (durations, share) => {
          const histogram = new Histogram();
          for (const duration of durations) histogram.record(duration);
          const sorted = [...durations].sort((one, other) => one - other);
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? 0;
          const found = histogram.quantileMs(share);
          assert.ok(found >= exact * 0.9999 && found <= exact * 1.016, `${found} of ${exact}`);
          const bars = histogram.bars(10);
          assert.equal(
            bars.reduce((sum, { count }) => sum + count, 0),
            durations.length,
          );
          assert.ok(bars.length <= 10);
        },
      ),
    );
  });

  it("arrivals: as many as the integral of the rate, in order, each within its phase", () => {
    const phase = fc.record({
      durationMs: fc.integer({ min: 100, max: 20_000 }),
      ratePerS: fc.double({ min: 0, max: 50, noNaN: true }),
      toRatePerS: fc.double({ min: 0.5, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(phase, { minLength: 1, maxLength: 4 }), (phaseList) => {
        const phases = phaseList.map((each, at) => ({ ...each, name: `${at}`, isMeasured: true }));
        const arrivals = [...arrivalsOf(phases)];
        const due = phases.reduce(
          (sum, { durationMs, ratePerS, toRatePerS }) =>
            sum + ((ratePerS + toRatePerS) / 2) * (durationMs / 1000),
          0,
        );
        assert.ok(Math.abs(arrivals.length - Math.floor(due)) <= 1, `${arrivals.length} of ${due}`);
        for (const [at, { atMs, number }] of arrivals.entries()) {
          assert.equal(number, at);
          assert.ok(at === 0 || atMs >= (arrivals[at - 1]?.atMs ?? 0) - 1e-6);
        }
      }),
    );
    const ramp = { name: "ramp", durationMs: 1_000, ratePerS: 0, toRatePerS: 4, isMeasured: true };
    assert.deepEqual(
      [...arrivalsOf([ramp])].map(({ atMs }) => Math.round(atMs)),
      [707, 1_000],
    );
  });

  it("counts measured starts, and excludes the warm-up", async () => {
    const { report, inputs } = await reportOf(scenarioOf(steady), () => 50);
    const { due, completed, errors, dropped, run } = report.total;
    assert.deepEqual([due, completed, errors, dropped], [200, 200, 0, 0]);
    assert.equal(JSON.stringify([inputs.length, inputs[219]]), '[220,{"n":219}]');
    assert.ok(run.p50Ms >= 50 && run.maxMs <= 65, JSON.stringify(run));
    assert.deepEqual([report.passed, report.measuredMs], [true, 10_000]);
  });

  it("measures latency from the scheduled start, so a stalled platform cannot hide it", async () => {
    // The starts of a second are completed when that second is over.
    const { report } = await reportOf(scenarioOf(steady), (number) =>
      number >= 100 && number < 120 ? 1_000 - (number - 100) * 50 : 5,
    );
    assert.ok(report.total.run.p99Ms > 800, JSON.stringify(report.total.run.p99Ms));
    assert.ok(report.total.run.p50Ms < 20);
  });

  it("drops starts above the limit, counts failures and timeouts, and judges thresholds", async () => {
    const text = `${steady}inFlight: 4
timeout: 2s
thresholds: {errors: 10%, dropped: 50%, run.p50: 100ms, rate: 5, "order/start.p99": 1ms}
`;
    const { report } = await reportOf(scenarioOf(text), (number) => (number % 2 === 0 ? -300 : 60_000));
    const { due, completed, errors, dropped } = report.total;
    assert.equal(due, completed + errors + dropped);
    assert.equal(completed, 0);
    assert.deepEqual(report.failures.map(({ code }) => code).sort(), ["load.timeout", "test.failed"]);
    assert.deepEqual(
      report.thresholds.map(({ name, holds }) => `${name} ${holds}`),
      ["errors false", "dropped false", "run.p50 false", "rate false", "order/start.p99 true"],
    );
    assert.equal(report.passed, false);
  });

  it("draws the mix by weight, the same for the same seed", async () => {
    const text = steady.replace(/mix:.*\n/, "mix: [{workflow: a, weight: 3}, {workflow: b}]\n");
    const counts = async () =>
      (await reportOf(scenarioOf(text), () => 5)).report.items.map(({ name, due }) => [name, due]);
    const [first, second] = [await counts(), await counts()];
    assert.deepEqual(first, second);
    const [[, a = 0] = [], [, b = 0] = []] = first as [string, number][];
    assert.ok(a + b === 200 && a > 130 && a < 170, `${a} and ${b}`);
  });

  it("reports every mistake of a scenario at its place", () => {
    const text = `load: Wrong
phases: [{for: 0s, rate: 0}, {for: 1s, rate: -1}]
mix: [{workflow: order, input: "\${{ m }}", weight: 0}]
thresholds: {run.p99: 5, speed: 1s, errors: 200%, "none/run.max": 1s}
`;
    const { problems, scenario } = checkScenario({ format: "yaml", text, fileName: "load.yaml" });
    assert.equal(scenario, undefined);
    assert.deepEqual(
      problems.map(({ line, path }) => `${line} ${path}`),
      [
        "1 load",
        "2 phases[0].for",
        "2 phases[0].rate",
        "2 phases[1].rate",
        "3 mix",
        "3 mix[0].input",
        '4 thresholds["run.p99"]',
        "4 thresholds.speed",
        "4 thresholds.errors",
        '4 thresholds["none/run.max"]',
      ],
    );
  });

  it("the page shows text of the scenario as text", async () => {
    const { report } = await reportOf(
      scenarioOf(steady.replace("load: steady", "load: steady\ndescription: <script>x</script>")),
      () => 5,
    );
    const html = reportHtml(report);
    assert.doesNotMatch(html, /<script/);
    assert.match(html, /&#60;script&#62;[\s\S]*run p99, at most/);
  });
});
