import type { Firing, Schedule } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printTiming, timingFromOptions, withTiming } from "../../server/timing.ts";
import { type Tone, toned } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printMoment } from "../../terminal/time.ts";

export async function listSchedules(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("schedules.list", { query: { ...server.namespace, ...page } }),
    ({ schedules }) => schedules,
  );
  return {
    json: { schedules: entries },
    nextToken,
    quiet: entries.map(({ scheduleId }) => scheduleId),
    empty:
      entries.length === 0
        ? "No schedules yet. Create one: tutti schedule create ID WORKFLOW --every 1h"
        : undefined,
    draw: () => {
      const nowMs = shell.nowMs();
      print.table(
        [
          { title: "schedule", widthMin: 10 },
          { title: "workflow", yields: 2, widthMin: 8 },
          { title: "timing", yields: 1, widthMin: 12 },
          { title: "next", align: "right" },
          { title: "started", align: "right", yields: 2 },
          { title: "last", yields: 3, widthMin: 8 },
        ],
        entries.map((schedule) => {
          const { scheduleId, run, timing, paused, nextTimesMs, startedCount = 0, recentFirings } = schedule;
          const [next] = nextTimesMs;
          const [last] = recentFirings;
          return [
            { text: scheduleId, tone: paused === true ? "dim" : "bold" },
            { text: run?.definition?.name ?? "", tone: "dim" },
            printTiming(timing),
            paused === true
              ? { text: "‖ paused", tone: "magenta" }
              : { text: next === undefined ? "" : printAge(next, nowMs), tone: "cyan" },
            { text: String(startedCount), tone: "dim" },
            {
              text: last === undefined ? "" : (last.result ?? ""),
              tone: last === undefined ? "dim" : toneOf(last),
            },
          ];
        }),
      );
    },
  };
}

export async function showSchedule(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const id = values.argument("ID");
  const schedule = await server.call("schedules.get", { params: { id }, query: server.namespace });
  return {
    json: schedule,
    draw: () => {
      drawSchedule(context, schedule, shell.nowMs());
    },
  };
}

export function drawSchedule({ print }: Context, schedule: Schedule, nowMs: number): void {
  const { style } = print;
  const {
    scheduleId,
    paused,
    note = "",
    description,
    timing,
    run,
    policy,
    nextTimesMs,
    recentFirings,
  } = schedule;
  const state = paused === true ? style.magenta("‖ paused") : style.cyan("● active");
  print.line(`${style.bold(safe(scheduleId))}  ${state}${note === "" ? "" : style.dim(`  ${safe(note)}`)}`);
  print.line("");
  print.facts([
    ["about", description],
    ["workflow", run?.definition?.name],
    ["timing", printTiming(timing)],
    ["overlap", policy?.overlap === "unspecified" ? "skip" : policy?.overlap],
    [
      "next",
      nextTimesMs.length === 0
        ? undefined
        : `${nextTimesMs
            .slice(0, 3)
            .map((at) => printMoment(at, nowMs))
            .join(", ")}  ${style.dim(Intl.DateTimeFormat().resolvedOptions().timeZone)}`,
    ],
    ["started", String(schedule.startedCount ?? 0)],
    ["skipped", (schedule.skippedCount ?? 0) === 0 ? undefined : String(schedule.skippedCount)],
    ["live", schedule.liveRunIds.slice(0, 5).join(", ")],
  ]);
  if (recentFirings.length > 0) {
    print.line("");
    print.table(
      [
        { title: "due" },
        { title: "result" },
        { title: "run", yields: 1, widthMin: 12 },
        { title: "reason", yields: 2, widthMin: 12 },
      ],
      recentFirings.map((firing) => [
        { text: firing.dueTimeMs === undefined ? "" : printMoment(firing.dueTimeMs, nowMs), tone: "dim" },
        { text: firing.result ?? "", tone: toneOf(firing) },
        firing.runId ?? "",
        { text: firing.message ?? "", tone: "dim" },
      ]),
    );
  }
  print.section("input", run?.input);
}

function toneOf({ result }: Firing): Tone {
  if (result === "started") return "green";
  return result === "refused" ? "red" : "yellow";
}

export async function previewSchedule(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const timing = timingFromOptions(context);
  const count = values.integer("count") ?? 10;
  const server = await connect(context);
  const { timesMs } = await withTiming(context, () =>
    server.call("schedules.preview", { query: server.namespace, body: { timing, count } }),
  );
  const nowMs = shell.nowMs();
  return {
    json: { timesMs },
    draw: () => {
      print.lines(
        timesMs.map(
          (at) =>
            `${new Date(at).toISOString().replace(".000Z", "Z")}  ${toned(print.style, "dim", printAge(at, nowMs))}`,
        ),
      );
    },
  };
}
