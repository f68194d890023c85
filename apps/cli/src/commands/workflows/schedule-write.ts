import type { Firing, Overlap, Schedule } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { readInput } from "../../command/input.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { timingFromOptions, withTiming } from "../../server/timing.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { definitionNamed } from "../definition.ts";
import { deletedOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

export async function createSchedule(context: Context): Promise<Result> {
  const { values, shell } = context;
  const timing = timingFromOptions(context);
  const input = await readInput([...values.texts("input"), ...values.manyArguments("KEY=VALUE")], shell);
  const overlap = values.text("overlap");
  const catchUpMs = values.durationMs("catch-up");
  const description = values.text("description");
  const server = await connect(context);
  const body = {
    scheduleId: values.argument("ID"),
    timing,
    run: {
      definition: definitionNamed(values.argument("WORKFLOW")),
      ...(input === undefined ? {} : { input }),
    },
    policy: {
      // The cast: the parser has validated it against the table of rules.
      ...(overlap === undefined ? {} : { overlap: overlap as Overlap }),
      ...(catchUpMs === undefined ? {} : { catchUpMs }),
    },
    ...(description === undefined ? {} : { description }),
    ...(values.flag("paused") ? { paused: true } : {}),
  };
  const { schedule, existed } = await withTiming(context, () =>
    server.call("schedules.create", { query: server.namespace, body }),
  );
  return scheduleOutcome(context, schedule, existed === true ? "already exists" : "created");
}

export function pauseSchedule(context: Context): Promise<Result> {
  return steer(context, "schedules.pause", "is paused");
}

export function resumeSchedule(context: Context): Promise<Result> {
  return steer(context, "schedules.resume", "is resumed");
}

async function steer(
  context: Context,
  route: "schedules.pause" | "schedules.resume",
  done: string,
): Promise<Result> {
  const server = await connect(context);
  const schedule = await server.call(route, {
    params: { id: context.values.argument("ID") },
    query: server.namespace,
    body: reasonOf(context),
  });
  return scheduleOutcome(context, schedule, done);
}

export async function triggerSchedule(context: Context): Promise<Result> {
  const { values, print } = context;
  const key = values.text("idempotency-key");
  const server = await connect(context);
  const firing: Firing = await server.call("schedules.trigger", {
    params: { id: values.argument("ID") },
    query: server.namespace,
    body: reasonOf(context),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  const { runId = "", result = "unspecified", message = "" } = firing;
  return {
    json: firing,
    quiet: [runId],
    draw: () => {
      const isStarted = result === "started";
      const mark = isStarted ? print.style.green("✓") : print.style.yellow("–");
      print.line(`${mark} ${result}  ${safe(runId)}  ${print.style.dim(safe(message))}`.trimEnd());
    },
    exitCode: result === "refused" ? exitCodes.refused : exitCodes.completed,
  };
}

export async function deleteSchedule(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const reply = await server.call("schedules.delete", {
    params: { id },
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, id);
}

function scheduleOutcome({ print, shell }: Context, schedule: Schedule | undefined, text: string): Outcome {
  return {
    json: schedule ?? {},
    quiet: schedule === undefined ? [] : [schedule.scheduleId],
    draw: () => {
      if (schedule === undefined) return;

      const [next] = schedule.nextTimesMs;
      const when =
        next === undefined || schedule.paused === true ? "" : `  next ${printAge(next, shell.nowMs())}`;
      print.line(`${print.style.green("✓")} ${safe(schedule.scheduleId)} ${text}${print.style.dim(when)}`);
    },
  };
}
