import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  analysisService,
  CreateWorkReportRequest,
  DeleteWorkReportRequest,
  FindBottlenecksRequest,
  FindPatternsRequest,
  FindRootCausesRequest,
  factService,
  GetHealthHistoryRequest,
  GetWorkProfileRequest,
  GetWorkReportRequest,
  ListWorkReportsRequest,
  QueryFactsRequest,
  ReplayPoolRequest,
  ReportFormat,
  ReportKind,
} from "@tutti/contracts/insight/v1";
import { adviceService, FindRecommendationsRequest, ForecastRequest } from "@tutti/contracts/intelligence/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  DeleteScheduleRequest,
  definitionService,
  runService,
  StartRunRequest,
  scheduleService,
  TriggerScheduleRequest,
} from "@tutti/contracts/workflow/v1";
import { sleep, systemTimers, toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { TaskFailure, type Worker } from "@tutti/sdk";
import { findProgram } from "../../../../tools/programs.mjs";
import { Installation } from "./installation.ts";

const chromium = await findProgram("chromium-headless-shell");
const args = chromium === undefined ? [] : [`--insight.chromium=${chromium}`];

const order = `workflow: order
tasks:
  reserve: {uses: stock.reserve, retry: {attempts: 1}}
  charge: {needs: [reserve], uses: pay.charge, retry: {attempts: 1}}
`;

describe("facts of an installation", () => {
  let installation: Installation;
  let worker: Worker;
  let isDeclined = false;

  const query = async (sql: string, namespace = "", rowsMax = 0) => {
    const facts = installation.host.mesh.client(factService);
    const reply = await facts.queryFacts(QueryFactsRequest.fromPartial({ sql, namespace, rowsMax }));
    const body = reply.rows?.body;
    const rows: unknown[][] = body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : [];
    return { ...reply, rows };
  };
  const run = async (runId: string, name = "order") => {
    const runs = installation.host.mesh.client(runService);
    const spec = {
      what: { $case: "definition" as const, value: { name } },
      labels: { team: name === "order" ? "shop" : "other" },
    };
    await runs.startRun(StartRunRequest.fromPartial({ runId, spec }));
    for (;;) {
      const { run } = await runs.awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
      if (run?.endTime !== undefined) return;
    }
  };

  before(async () => {
    installation = await Installation.open(args, { time: "real", insight: true });
    worker = installation.worker({});
    worker.handle("stock.reserve", async () => "reserved");
    worker.handle("pay.charge", async () => {
      if (isDeclined) throw new TaskFailure("pay.declined", "too much", { final: true });
      return "charged";
    });
    await worker.start();
    await installation.host.mesh.client(definitionService).registerDefinition({
      namespace: "",
      source: { format: 1, text: order, fileName: "" },
      versionLabels: [],
      keepLatest: false,
    });
    await run("good");
    isDeclined = true;
    await run("bad");
    await installation.pass(3_000);
  });
  after(async () => {
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("calls by route, caller and status, from a request on", async () => {
    await (await fetch(`${installation.url}/v1/runs/nope`)).text();
    const sql =
      "SELECT source, route, identity, code, sum(calls) FROM calls WHERE route = 'runs.get' GROUP BY 1, 2, 3, 4";
    const found = await until(
      "the call in the facts",
      async () => (await query(sql)).rows,
      (rows) => rows.length > 0,
    );
    assert.deepEqual(found, [["http", "runs.get", "local-admin", "404", 1]]);
  });

  it("states of agents, which are their health over time", async () => {
    const analysis = installation.host.mesh.client(analysisService);
    const states = await until(
      "the state of the worker",
      async () => (await query("SELECT state, until FROM agent_states")).rows,
      (rows) => rows.length > 0,
    );
    assert.deepEqual(states[0], ["ready", null]);
    const { spans } = await analysis.getHealthHistory(
      GetHealthHistoryRequest.fromPartial({ prefix: "agent/" }),
    );
    assert.deepEqual([spans[0]?.state, spans[0]?.endTime], ["ready", undefined]);
  });

  it("coordination of each run", async () => {
    const sql =
      "SELECT work_id, tasks, results, handoffs, rework, chatter FROM coordination ORDER BY work_id";
    const found = await until(
      "both runs",
      async () => (await query(sql)).rows,
      (rows) => rows.length === 2,
    );
    assert.deepEqual(found, [
      ["bad", 2, 1, 0, 0, 0],
      ["good", 2, 2, 0, 0, 0],
    ]);
  });

  const runs =
    "SELECT id, definition, status, tasks, tasks_failed, error_code, labels ->> 'team' FROM runs ORDER BY id";
  const expected = [
    ["bad", "order", "failed", 2, 1, "pay.declined", "shop"],
    ["good", "order", "completed", 2, 0, null, "shop"],
  ];

  it("have a row per run and per attempt, with times that compare", async () => {
    assert.deepEqual((await query(runs)).rows, expected);
    const attempts = await query(
      "SELECT work_id, task, attempt, uses, status, error_code, agent IS NOT NULL, run_ms >= 0 FROM attempts ORDER BY 1, ended",
    );
    assert.deepEqual(attempts.rows, [
      ["bad", "reserve", 1, "stock.reserve", "completed", null, 1, 1],
      ["bad", "charge", 1, "pay.charge", "failed", "pay.declined", 1, 1],
      ["good", "reserve", 1, "stock.reserve", "completed", null, 1, 1],
      ["good", "charge", 1, "pay.charge", "completed", null, 1, 1],
    ]);
    const agents = await query("SELECT count(*) FROM agents WHERE state <> ''");
    assert.deepEqual(agents.rows, [[1]]);
  });

  it("have a row per time that an agent had a task, by the clock of the pool", async () => {
    const placements = await query(
      `SELECT work_id, task, attempt, uses, status, error_code, held_ms >= 0, wait_ms >= offered_after_ms, slots
        FROM placements ORDER BY sequence`,
    );
    assert.deepEqual(
      placements.rows.map((row) => row.slice(0, 8)),
      [
        ["good", "reserve", 1, "stock.reserve", "completed", null, 1, 1],
        ["good", "charge", 1, "pay.charge", "completed", null, 1, 1],
        ["bad", "reserve", 1, "stock.reserve", "completed", null, 1, 1],
        ["bad", "charge", 1, "pay.charge", "failed", "pay.declined", 1, 1],
      ],
    );
    const pools = installation.host.mesh.client(analysisService);
    const replayed = await pools.replayPool(
      ReplayPoolRequest.fromPartial({ workers: 3, waitGoalMs: 60_000 }),
    );
    assert.deepEqual(
      [replayed.past?.tasks, replayed.missing, replayed.check?.passed, replayed.scenario?.tasks],
      [4, 0, true, 4],
    );
    assert.equal(replayed.scenario?.tenants[0]?.namespace, "default");
    assert.deepEqual((await query("SELECT DISTINCT strategy FROM placements")).rows, [["least_loaded"]]);
    const { strategies } = await pools.replayPool(ReplayPoolRequest.fromPartial({ strategy: "all" }));
    assert.deepEqual([strategies.length, strategies[0]?.replay?.tasks], [6, 4]);
    const advice = installation.host.mesh.client(adviceService, { service: "master" });
    const found = await advice.findRecommendations(
      FindRecommendationsRequest.fromPartial({ pool: "default" }),
    );
    assert.deepEqual([found.runs, found.recommendations], [4, []]);
    const subjects = [{ measure: "starts_per_sec" }, { measure: "starts_per_sec", pool: "none" }];
    const { series } = await advice.forecast(ForecastRequest.fromPartial({ subjects, horizonMs: 120_000 }));
    assert.deepEqual(
      series.map(({ expected }) => expected.length),
      [2, 0],
    );
    await assert.rejects(pools.replayPool(ReplayPoolRequest.fromPartial({ strategy: "luck" })), {
      code: "insight.strategy_unknown",
    });
    const offering = await query("SELECT offering ->> '$.capabilities[0].name', slots FROM agents");
    assert.deepEqual(offering.rows, [["stock.reserve", placements.rows[0]?.[8]]]);
    assert.deepEqual((await query("SELECT count(*) FROM placements", "other")).rows, [[0]]);
  });

  it("have a row per session", async () => {
    const tutti = await installation.client();
    const session = await tutti.run({
      id: "stock",
      tasks: [{ id: "take", uses: "stock.reserve" }],
      mode: "swarm",
    });
    await session.result();
    await tutti.close();
    const rows = await until("the session is recorded", async () => {
      const found = await query("SELECT id, status FROM sessions");
      return found.rows.length > 0 ? found.rows : undefined;
    });
    assert.deepEqual(rows, [["stock", "completed"]]);
  });

  it("are limited to one namespace, and cover all namespaces in `system`", async () => {
    assert.deepEqual((await query(runs, "other")).rows, []);
    assert.deepEqual((await query("SELECT DISTINCT namespace FROM runs", "system")).rows, [["default"]]);
  });

  it("can be read alone, and in their tables alone", async () => {
    for (const sql of [
      "DELETE FROM work",
      "DROP VIEW runs",
      "SELECT * FROM main.work",
      "SELECT * FROM work",
      "SELECT * FROM cursor",
      "SELECT name FROM sqlite_master",
      "SELECT * FROM pragma_database_list",
      "ATTACH '/etc/passwd' AS x",
      "PRAGMA query_only = 0",
      "SELECT load_extension('x')",
      "SELECT zeroblob(1000000000)",
      "WITH work AS (SELECT 1) SELECT * FROM main.work",
      "WITH runs AS (SELECT * FROM main.work) SELECT * FROM runs",
      "SELECT * FROM (SELECT * FROM main.work) AS runs",
      "CREATE TEMP VIEW mine AS SELECT * FROM main.work",
      "SELECT nothing FROM runs",
      "",
    ])
      await assert.rejects(query(sql, "other"), { status: "INVALID_ARGUMENT" }, sql);
  });

  it("have a limited answer", async () => {
    const numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i FROM n";
    const result = await query(numbers, "", 10);
    assert.deepEqual([result.cut, result.rows.length], [true, 10]);
    const [long] = [await query(`SELECT group_concat(i) FROM (${numbers}), (SELECT 1 UNION SELECT 2)`)];
    assert.equal(long.cut, false);
  });

  it("are rebuilt from the lists of the services if their file is missing", async () => {
    const file = join(installation.directory, "insight", "facts.sqlite");
    await worker.stop();
    await installation.restart(args);
    for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    assert.deepEqual((await query(runs)).rows, expected);
    assert.deepEqual((await query("SELECT count(*) FROM attempts WHERE kind = 'run'")).rows, [[4]]);
  });

  it("reports are runs whose results are rendered as files, and a schedule creates more", async () => {
    const analysis = installation.host.mesh.client(analysisService);
    const reportOf = async (reportId: string, format?: ReportFormat) => {
      const request = GetWorkReportRequest.fromPartial({ reportId, ...(format && { format }) });
      const { report, file } = await analysis.getWorkReport(request);
      const text = (payload: typeof file) =>
        payload?.body?.$case === "inline" ? Buffer.from(payload.body.value).toString() : "";
      return { report, sections: text(report?.sections), file: text(file), mediaType: file?.mediaType };
    };
    const completed = (reportId: string) =>
      until(
        "the report to be made",
        () => reportOf(reportId),
        ({ report }) => report?.status === WorkStatus.WORK_STATUS_COMPLETED,
      );
    const sql = "SELECT id, status FROM runs WHERE labels ->> 'team' = :subject AND ended < :to ORDER BY id";
    const reportRequest = CreateWorkReportRequest.fromPartial({
      ...{ kind: ReportKind.REPORT_KIND_TEAM, subject: "shop", idempotencyKey: "once" },
      sections: [
        { title: "Runs", content: { $case: "sql", value: sql } },
        { title: "Broken", content: { $case: "sql", value: "SELECT * FROM nope" } },
      ],
    });
    const { report } = await analysis.createWorkReport(reportRequest);
    assert.equal((await analysis.createWorkReport(reportRequest)).report?.reportId, report?.reportId);
    const id = report?.reportId ?? "";
    const [runs, broken] = JSON.parse((await completed(id)).sections);
    assert.deepEqual(runs.rows, [
      ["bad", "failed"],
      ["good", "completed"],
    ]);
    assert.match(broken.problem, /no such table/);
    const csv = await reportOf(id, ReportFormat.REPORT_FORMAT_CSV);
    assert.deepEqual(
      [csv.file, csv.mediaType],
      ["id,status\r\nbad,failed\r\ngood,completed\r\n", "text/csv"],
    );
    assert.match((await reportOf(id, ReportFormat.REPORT_FORMAT_MARKDOWN)).file, /\n\| bad \| failed \|\n/);
    const pdf = reportOf(id, ReportFormat.REPORT_FORMAT_PDF);
    if (chromium !== undefined) assert.match((await pdf).file, /^%PDF-/);
    else await assert.rejects(pdf, { code: "insight.pdf_unavailable" });

    const { scheduleId } = await analysis.createWorkReport(
      CreateWorkReportRequest.fromPartial({ schedule: "weekly", cron: "0 7 * * mon" }),
    );
    const schedules = installation.host.mesh.client(scheduleService);
    await schedules.triggerSchedule(TriggerScheduleRequest.fromPartial({ scheduleId }));
    const scheduled = await until(
      "the report of the schedule",
      async () => {
        // A query triggers a round, which finds the task for insight.
        await query("SELECT 1");
        return (await analysis.listWorkReports(ListWorkReportsRequest.fromPartial({}))).reports;
      },
      (reports) =>
        reports.some((each) => each.status === WorkStatus.WORK_STATUS_COMPLETED && each.scheduleId),
    );
    const latest = scheduled.find((each) => each.scheduleId === scheduleId);
    const html = await reportOf(latest?.reportId ?? "", ReportFormat.REPORT_FORMAT_HTML);
    assert.doesNotMatch(html.sections, /"problem"/);
    assert.match(html.file, /<h2>Work by definition<\/h2>.*<td>order<\/td>/);

    await schedules.deleteSchedule(DeleteScheduleRequest.fromPartial({ scheduleId }));
    assert.match(
      (await reportOf(latest?.reportId ?? "", ReportFormat.REPORT_FORMAT_HTML)).file,
      /<td>order<\/td>/,
    );

    const foreign = { $case: "capability", value: "tutti.report" } as const;
    const tasks = { tasks: [{ id: "report", work: foreign }] };
    await installation.host.mesh.client(runService).startRun(
      StartRunRequest.fromPartial({
        runId: "foreign",
        spec: { what: { $case: "tasks", value: tasks }, pool: "insight", labels: { report: "namespace" } },
      }),
    );
    await assert.rejects(reportOf("foreign"), { code: "insight.report_missing" });
    assert.deepEqual(
      await analysis.deleteWorkReport(DeleteWorkReportRequest.fromPartial({ reportId: "foreign" })),
      {
        removed: false,
      },
    );
    assert.deepEqual(await analysis.deleteWorkReport(DeleteWorkReportRequest.fromPartial({ reportId: id })), {
      removed: true,
    });
    await assert.rejects(reportOf(id), { code: "insight.report_missing" });
  });

  it("are rebuilt if their file is deleted or damaged while insight runs", async () => {
    const file = join(installation.directory, "insight", "facts.sqlite");
    const removed = () => {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    };
    const plain = "workflow: plain\ntasks: {say: {set: hello}}\n";
    await installation.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: plain, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
    for (const [id, damage] of [
      ["removed", removed],
      ["damaged", () => writeFileSync(file, Buffer.alloc(8_192, "no database"))],
    ] as const) {
      // The idle thread ends. For the next row it opens the file again.
      await installation.pass(7_000);
      damage();
      await run(id, "plain");
      const ids = `SELECT id FROM runs WHERE id IN ('good', 'bad', '${id}') ORDER BY id`;
      await until(
        `the rows from before the file was ${id}`,
        async () => (await query(ids)).rows.length === 3,
      );
    }
  });
});

describe("the analysis of an installation", () => {
  it("finds bottlenecks, a failing agent, and the profile of a workflow", async () => {
    await using installation = await Installation.open([], { time: "real", insight: true });
    const analysis = installation.host.mesh.client(analysisService);
    const workers = ["good", "broken"].map((name) => {
      const worker = installation.worker({ slots: 4 });
      worker.handle("stock.reserve", async () => "reserved");
      worker.handle("pay.charge", async () => {
        // Both workers take the same time. Otherwise the broken one would get nearly all tasks.
        await sleep(systemTimers, 120);
        if (name === "broken")
          throw new TaskFailure("pay.unreachable", "no route to 10.0.0.7", { final: true });
        return "charged";
      });
      return worker;
    });
    await Promise.all(workers.map((worker) => worker.start()));
    await installation.host.mesh.client(definitionService).registerDefinition({
      namespace: "",
      source: { format: 1, text: order, fileName: "" },
      versionLabels: [],
      keepLatest: false,
    });
    const runs = installation.host.mesh.client(runService);
    const ids = Array.from({ length: 60 }, (_, index) => `order-${index}`);
    const spec = { what: { $case: "definition" as const, value: { name: "order" } } };
    await Promise.all(ids.map((runId) => runs.startRun(StartRunRequest.fromPartial({ runId, spec }))));
    await Promise.all(
      ids.map((runId) => runs.awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 20_000 }))),
    );
    const subject = { $case: "errorCode" as const, value: "pay.*" };
    await until(
      "facts of all runs",
      async () =>
        (await analysis.getWorkProfile(GetWorkProfileRequest.fromPartial({ definition: "order" }))).profile,
      (profile) => profile?.count === 60 && profile.tasks.length === 2,
    );
    const { causes } = await analysis.findRootCauses(FindRootCausesRequest.fromPartial({ subject }));
    assert.equal(causes[0]?.kind, "agent", JSON.stringify(causes));
    assert.match(causes[0]?.evidence.join() ?? "", /100 % of the attempts .* fail, and 0 % of all others/);
    assert.match(causes[0]?.evidence.join() ?? "", /no route to …/);
    const { bottlenecks } = await analysis.findBottlenecks(FindBottlenecksRequest.fromPartial({}));
    assert.ok(
      bottlenecks.length > 0 &&
        bottlenecks.every(({ share, definition }) => share >= 0.1 && definition === "order"),
    );
    assert.deepEqual((await analysis.findPatterns(FindPatternsRequest.fromPartial({}))).patterns, []);
    const span = { from: toTimestamp(5_000), to: toTimestamp(1_000) };
    await assert.rejects(analysis.findPatterns(FindPatternsRequest.fromPartial({ span })), {
      code: "insight.span_empty",
    });
    await Promise.all(workers.map((worker) => worker.stop()));
  });
});
