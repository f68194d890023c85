import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent, Approval, MetricSeries, Run } from "@tutti/rest/types";
import { claimCall, claimCommand, releaseCall, releaseCommand } from "../elements/claimed.ts";
import { indented, offsetOf, problemsOfRefusal } from "../elements/editing.ts";
import { decideCall, decideCommand, delegateCall, delegateCommand } from "./inbox/decide.ts";
import { countText, troublesIn, withPausedTasks } from "./overview/needs.ts";
import { scoreOf } from "./overview/score-layout.ts";
import { aligned, bySilence, failures, joined, latency, latest, sum, throughput } from "./overview/series.ts";
import { bulkCommand, bulkFilterOf, listCommand, parametersOf } from "./runs/filter.ts";
import { failureText } from "./runs/outcome.ts";
import {
  createCommand,
  durationMs,
  emptySchedule,
  scheduleBody,
  scheduleProblems,
  timingText,
} from "./schedules/timing.ts";
import { draftLike, emptyRun, runProblems, startBody, startCall, startCommand } from "./start/draft-run.ts";
import { agentBadge, inOrder, loadOf, totalsOf } from "./workers/load.ts";
import { arrowsOf } from "./workflows/graph-parts.ts";

const run = (runId: string, more: Partial<Run> = {}): Run => ({
  ...{ runId, status: "running", kind: "tasks", states: [] },
  ...more,
});

describe("the groups of the overview", () => {
  it("show the exact count, or a lower bound if there are more pages", () => {
    assert.deepEqual(
      [countText(3, undefined), countText(0, ""), countText(20, "d17_0_12")],
      ["3", "0", "20+"],
    );
  });
});

describe("the score of the overview", () => {
  const of = (name: string) => ({ spec: { definition: { name }, labels: {} } });

  it("has a staff for each workflow, with the most runs first", () => {
    const runs = [
      run("a", { ...of("order"), createTimeMs: 1_000 }),
      run("b", { ...of("mail"), createTimeMs: 2_000 }),
      run("c", { ...of("mail"), createTimeMs: 3_000 }),
      run("d", { createTimeMs: 3_500 }),
    ];
    const { staves } = scoreOf(runs, 4_000);
    assert.deepEqual(
      staves.map(({ name, count }) => [name, count]),
      [
        ["mail", 2],
        ["order", 1],
        ["tasks without a workflow", 1],
      ],
    );
  });

  it("puts simultaneous notes on different lines while lines are free", () => {
    const runs = Array.from({ length: 5 }, (_, place) => run(String(place), { createTimeMs: 1_000 + place }));
    const lines = scoreOf(runs, 60_000).staves[0]?.notes.map(({ line }) => line);
    assert.deepEqual(lines, [0, 1, 2, 3, 4]);
  });

  it("keeps every note within the shown time range", () => {
    const runs = [run("early", { createTimeMs: -9e9 }), run("late", { createTimeMs: 9e9, endTimeMs: 9e9 })];
    for (const { from, to } of scoreOf(runs, 1_000).staves.flatMap(({ notes }) => notes))
      assert.ok(from >= 0 && to <= 1 && from <= to);
  });

  it("is empty without runs", () => assert.deepEqual(scoreOf([], 5).staves, []));
});

describe("metrics of the overview", () => {
  const series = (
    name: string,
    figure: string,
    labels: Record<string, string>,
    values: number[],
  ): MetricSeries => ({
    ...{ name, figure, labels },
    points: values.map((value, place) => ({ timeMs: place * 5_000, value })),
  });

  it("sums the values of several processes at the same time", () => {
    const both = [
      series("tutti_swarm_results_total", "rate", { instance: "a" }, [1, 2]),
      series("tutti_swarm_results_total", "rate", { instance: "b" }, [10, 20, 30]),
    ];
    assert.deepEqual(throughput(both)[0]?.values, [11, 22, 30]);
  });

  it("shows the slowest kind of call in milliseconds, without calls that wait on purpose", () => {
    const of = (method: string, value: number) =>
      series("tutti_mesh_call_duration_seconds", "p99", { side: "server", method }, [value]);
    const [, p99] = latency([of("StartRun", 0.004), of("GetRun", 0.002), of("WatchRun", 900)]);
    assert.equal(p99 && latest(p99), 4);
  });

  it("counts calls as failed that the server failed or refused, and no others", () => {
    const of = (code: string, side = "server") =>
      series("tutti_mesh_calls_total", "rate", { side, code }, [1]);
    assert.deepEqual(
      failures([of("OK"), of("CANCELLED"), of("NOT_FOUND"), of("INTERNAL"), of("INTERNAL", "client")])[0]
        ?.values,
      [2],
    );
  });

  it("draws all lines over the same times, with gaps for missing values", () => {
    const one = joined("one", [series("m", "value", {}, [1, 2])], sum);
    const other = { ...one, atSec: [5, 10], values: [7, 8] };
    assert.deepEqual(aligned([one, other]), {
      atSec: [0, 5, 10],
      values: [
        [1, 2, undefined],
        [undefined, 7, 8],
      ],
    });
  });

  it("omits values that are not numbers", () => {
    assert.deepEqual(joined("m", [series("m", "value", {}, [Number.NaN, 3])], sum).values, [3]);
  });
});

describe("the list of items that need a person", () => {
  it("names the innermost component that is unwell, and no whole for it", () => {
    const tree = {
      name: "platform",
      health: { level: "degraded", reason: "journal is degraded" },
      components: [
        { name: "registry", health: { level: "healthy", reason: "" }, orchestrator: null },
        {
          name: "workflow",
          health: { level: "degraded", reason: "journal" },
          orchestrator: {
            name: "workflow",
            health: { level: "degraded", reason: "journal" },
            components: [
              { name: "journal", health: { level: "degraded", reason: "disk" }, orchestrator: null },
            ],
          },
        },
      ],
    };
    assert.deepEqual(troublesIn(tree), [
      { path: "platform / workflow / journal", state: "degraded", reason: "disk" },
    ]);
    assert.deepEqual(troublesIn(undefined), []);
  });

  it("includes running runs with paused tasks", () => {
    const run = (runId: string, paused?: number) =>
      ({
        runId,
        kind: "tasks",
        states: [],
        tasks: { total: 2, ...(paused && { paused }) },
      }) as unknown as Run;
    assert.deepEqual(
      withPausedTasks([run("a"), run("b", 1)]).map(({ runId }) => runId),
      ["b"],
    );
  });

  it("separates processes that answer from processes that do not", () => {
    const unreachable = { name: "swarm 10.0.0.2:7501", problem: "connection refused" };
    assert.deepEqual(bySilence([{ name: "gateway 10.0.0.1:7501" }, unreachable]), {
      answering: ["gateway 10.0.0.1:7501"],
      silent: [unreachable],
    });
  });

  it("explains in one line why a run failed or is paused", () => {
    assert.equal(failureText({ outcome: { failed: { message: "no", violations: [], details: {} } } }), "no");
    assert.equal(failureText({ outcome: { failed: { code: "a.b", violations: [], details: {} } } }), "a.b");
    assert.equal(failureText({ statusReason: "held" }), "held");
    assert.equal(failureText({}), "");
  });
});

describe("lists and bulks of runs outside the page", () => {
  const search = {
    status: ["failed"],
    workflow: "order",
    label: "team=a=b",
    within: "1h",
    text: "x y",
    person: true,
  };

  it("selects the same runs for the API, the CLI and a bulk action", () => {
    assert.deepEqual(parametersOf(search, 7_200_000), {
      ...{ status: ["failed"], definition: "order", text: "x y", label: "team=a=b" },
      ...{ createdFromMs: 3_600_000, needsPerson: true, oldestFirst: undefined },
    });
    assert.equal(
      listCommand(search),
      "tutti list --state failed --workflow order --label team=a=b --since 1h --text 'x y' --waiting",
    );
    assert.deepEqual(bulkFilterOf(search, 7_200_000), {
      ...{ statuses: ["failed"], definitions: ["order"], text: "x y", labels: { equals: { team: "a=b" } } },
      ...{ created: { fromMs: 3_600_000 }, needsPerson: true },
    });
    assert.deepEqual(bulkFilterOf({ label: "team" }, 0), { labels: { exists: ["team"] } });
  });

  it("writes a bulk as commands, as long as they are few", () => {
    assert.equal(
      bulkCommand("cancel", ["a", "b"], {}, "late"),
      "tutti cancel a --reason late && tutti cancel b --reason late",
    );
    assert.equal(bulkCommand("terminate", ["a"], {}, ""), "tutti cancel a --now");
    assert.equal(bulkCommand("retry", [], { status: ["failed"] }, ""), "tutti retry --state failed");
    assert.equal(bulkCommand("retry", Array.from({ length: 21 }, String), {}, ""), undefined);
  });
});

describe("starting a run", () => {
  const draft = {
    ...emptyRun,
    workflow: "order",
    labels: "team=payments, who=a=b",
    priority: "-3",
    runId: "o 1",
  };

  it("sends filled fields, and omits empty fields", () => {
    assert.deepEqual(startBody(draft, { cents: 4 }), {
      ...{ runId: "o 1", definition: { name: "order" }, input: { cents: 4 } },
      ...{ labels: { team: "payments", who: "a=b" }, priority: -3 },
    });
    assert.deepEqual(startBody({ ...emptyRun, workflow: "order" }, undefined), {
      definition: { name: "order" },
    });
  });

  it("is the same as a command", () => {
    assert.equal(
      startCommand(startBody(draft, { cents: 4 })),
      `tutti run order --input '{"cents":4}' --id 'o 1' --label team=payments --label who=a=b --priority -3`,
    );
  });

  it("starts the same definition as a mission or a session, with its parameters", () => {
    const body = startBody({ ...emptyRun, workflow: "order" }, { cents: 4 }, { capability: "shop.pay" });
    assert.deepEqual(startCall("session", body), {
      method: "POST",
      path: "/v1/sessions",
      body: {
        definition: {
          definition: { name: "order" },
          input: { cents: 4 },
          parameters: { capability: "shop.pay" },
        },
      },
    });
    assert.equal(startCall("run", body).path, "/v1/runs");
    assert.equal(
      startCommand(body),
      `tutti run order --input '{"cents":4}' --parameter '{"capability":"shop.pay"}'`,
    );
    assert.equal(
      startCommand(startBody({ ...emptyRun, workflow: "order" }, { cents: 4 }), "mission"),
      `tutti mission start order --input '{"cents":4}'`,
    );
  });

  it("reports each problem with its field", () => {
    assert.deepEqual(runProblems(draft), {});
    assert.deepEqual(Object.keys(runProblems({ ...emptyRun, labels: "team", priority: "1.5" })), [
      ...["workflow", "labels", "priority"],
    ]);
  });

  it("starts like another run, with another id", () => {
    const spec = { definition: { name: "order" }, labels: { team: "a" }, priority: 2, pool: "gpu" };
    assert.deepEqual(draftLike({ spec }), {
      ...{ workflow: "order", version: "", runId: "", labels: "team=a", pool: "gpu", priority: "2" },
    });
  });
});

describe("deciding", () => {
  const approval: Approval = {
    approvalId: "sure",
    about: { kind: "run", id: "order-1" },
    deciders: [],
    decisions: [],
    delegations: [],
    excluded: [],
    verdict: "unspecified",
  };

  it("approves with the requested values, rejects with a reason, over REST and as a command", () => {
    const approved = { verdict: "approved", data: { carrier: "post" }, reason: "" } as const;
    assert.deepEqual(decideCall(approval, approved).body, {
      runId: "order-1",
      verdict: "approved",
      data: { carrier: "post" },
    });
    assert.equal(decideCommand(approval, approved), `tutti approve order-1 sure --form '{"carrier":"post"}'`);
    const rejected = { verdict: "rejected", data: undefined, reason: "too dear" } as const;
    const delegation = { people: ["zoe", "ops"], reason: "on leave" };
    assert.deepEqual(delegateCall(approval, delegation), {
      ...{ method: "POST", path: "/v1/approvals/sure/delegate" },
      body: { runId: "order-1", people: ["zoe", "ops"], reason: "on leave" },
    });
    assert.equal(
      delegateCommand(approval, delegation),
      "tutti inbox delegate order-1 sure --person zoe --person ops --reason 'on leave'",
    );
    assert.deepEqual(claimCall(approval), {
      ...{ method: "POST", path: "/v1/approvals/sure/claim", body: { runId: "order-1" } },
    });
    assert.equal(claimCommand(approval), "tutti inbox claim order-1 sure");
    assert.deepEqual(releaseCall(approval, "ann").body, { runId: "order-1", person: "ann" });
    assert.equal(releaseCommand(approval, ""), "tutti inbox release order-1 sure");
    assert.equal(releaseCommand(approval, "ann"), "tutti inbox release order-1 sure --claimant ann");
    assert.equal(
      decideCommand(approval, rejected),
      "tutti approve order-1 sure --reject --reason 'too dear'",
    );
  });
});

describe("schedules", () => {
  it("parses durations in common notations, and nothing else", () => {
    const table: readonly (readonly [text: string, ms: number | undefined])[] = [
      ["90 s", 90_000],
      ["5min", 300_000],
      ["1 h 30 min", 5_400_000],
      ["1.5h", 5_400_000],
      ["soon", undefined],
      ["5", undefined],
      ["5 weeks", undefined],
      ["", undefined],
    ];
    for (const [text, ms] of table) assert.equal(durationMs(text), ms, text);
  });

  it("names missing fields, and sends the filled ones", () => {
    assert.deepEqual(Object.keys(scheduleProblems(emptySchedule)), ["id", "workflow"]);
    const draft = {
      ...emptySchedule,
      id: "beat",
      workflow: "order",
      kind: "interval",
      every: "30 s",
    } as const;
    assert.deepEqual(scheduleProblems(draft), {});
    assert.deepEqual(scheduleBody(draft, { a: 1 }), {
      ...{ scheduleId: "beat", timing: { rules: [{ interval: { everyMs: 30_000 } }] } },
      ...{ run: { definition: { name: "order" }, input: { a: 1 } }, policy: { overlap: "skip" } },
    });
    assert.equal(createCommand(draft, undefined), "tutti schedule create beat order --every 30s");
    assert.deepEqual(Object.keys(scheduleProblems({ ...draft, every: "0.5 s" })), ["every"]);
  });

  it("describes in words when it fires", () => {
    const timing = {
      rules: [{ cron: "0 4 * * *" }, { interval: { everyMs: 30_000 } }],
      exceptions: [],
      timeZone: "Europe/Zurich",
    };
    assert.equal(timingText({ timing }, String), "0 4 * * *, every 30 s (Europe/Zurich)");
  });
});

describe("workers", () => {
  const agent = (agentId: string, more: Partial<Agent>) =>
    ({ agentId, state: "ready", speeds: [], ...more }) as Agent;
  const offering = { capabilities: [], labels: {}, resources: {}, contextKeys: [], slots: 4 };

  it("lists agents with problems first, then running agents", () => {
    const agents = [
      agent("gone", { state: "gone" }),
      agent("b", {}),
      agent("a", {}),
      agent("aside", { hold: "quarantined" }),
      agent("busy", { state: "busy" }),
      agent("lost", { state: "suspect" }),
    ];
    assert.deepEqual(
      inOrder(agents).map(({ agentId }) => agentId),
      ["aside", "lost", "busy", "a", "b", "gone"],
    );
  });

  it("reads the load from metrics, and shows none without metrics", () => {
    const figures = { cpu: 0.5, memoryBytes: 50, memoryLimitBytes: 200 };
    assert.deepEqual(loadOf(agent("a", { offering, freeSlots: 1, figures })), {
      ...{ slots: 4, usedSlots: 3, cpu: 0.5, memory: 0.25, memoryBytes: 50 },
    });
    assert.equal(loadOf(agent("a", { offering })).cpu, undefined);
    assert.deepEqual(
      totalsOf([agent("a", { offering, freeSlots: 1 }), agent("b", { state: "gone", offering })]),
      { workers: 1, slots: 4, usedSlots: 3 },
    );
  });

  it("shows a hold instead of the state, unless the agent is disconnected", () => {
    assert.equal(agentBadge(agent("a", { hold: "paused" })).label, "paused");
    assert.equal(agentBadge(agent("a", { hold: "none" })).label, "ready");
    assert.equal(agentBadge(agent("a", { hold: "paused", state: "gone" })).label, "disconnected");
  });
});

describe("writing workflows", () => {
  const text = "one\ntwo\n\nfour";

  it("finds the offset of a line and column, and never one outside the text", () => {
    const table: readonly (readonly [line: number, column: number, place: string])[] = [
      [1, 1, "one"],
      [2, 2, "wo"],
      [4, 9, ""],
      [99, 1, ""],
      [0, 0, "one"],
    ];
    for (const [line, column, place] of table)
      assert.ok(text.slice(offsetOf(text, line, column)).startsWith(place), `${line}:${column}`);
    assert.equal(indented(text, 5), "one\n  two\n\nfour");
  });

  it("locates the problems of a refused registration", () => {
    const fields = [
      { field: "order.yaml:7:11", message: "no task chrage" },
      { field: "source.text", message: "empty" },
    ];
    const located = problemsOfRefusal({ code: "c", message: "m", status: 400, fields });
    assert.deepEqual(located, [
      { severity: "error", message: "no task chrage", line: 7, column: 11 },
      { severity: "error", message: "empty", path: "source.text" },
    ]);
  });

  it("draws each need once, and none of a task that is not there", () => {
    const nodes = [
      { taskId: "a", kind: "uses", needs: [{ task: "gone" }], backTo: [] },
      { taskId: "b", kind: "gate", needs: [{ task: "a" }, { task: "a" }], backTo: ["a"] },
    ] as const;
    assert.deepEqual(
      arrowsOf({ nodes }).map(({ from, to, isBack }) => [from, to, isBack]),
      [
        ["a", "b", false],
        ["b", "a", true],
      ],
    );
  });
});
