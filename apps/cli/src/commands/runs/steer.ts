/** Applies one action to one run, or to all runs that match filters. */

import type { Run } from "@tutti/rest/types";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { runFilter } from "../../server/filters.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import { displayOf } from "../../terminal/states.ts";
import { toned } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { steeredLine } from "../outcome.ts";
import { reasonOf } from "../request.ts";
import { type Steered, type Steering, steerMany } from "./steer-many.ts";

async function steer(context: Context, steering: Steering): Promise<Result> {
  const { values, print } = context;
  const id = values.optionalArgument("ID");
  const filter = runFilter(context);
  const isFiltered = Object.keys(filter).length > 0;
  if (id === undefined && !isFiltered)
    throw usageFailure(`Pass the ID of a run, or filters such as --state and --workflow.`, [
      [`tutti help ${context.command.name}`, "lists all options"],
    ]);
  if (id !== undefined && isFiltered)
    throw usageFailure("Pass the ID of one run or filters for many, not both.");
  const server = await connect(context);
  if (id === undefined) return await steerMany(context, server, { filter, steering });
  if ((await steering.confirm?.(server, id)) === false) return exitCodes.completed;
  const run = await steering.steerOne(server, id);
  return {
    json: run ?? { runId: id, removed: true },
    quiet: [],
    draw: () => {
      const { symbol, tone } = displayOf(run?.status);
      const failed = run?.status === "failed" ? steering.failed : undefined;
      if (failed !== undefined) {
        print.line(`${toned(print.style, tone, symbol)} ${safe(id)} ${failed}: tutti why ${safe(id)}`);
        return;
      }
      print.line(steeredLine(print, { id, done: steering.done, status: run?.status }));
    },
  };
}

export function cancel(context: Context): Promise<Result> {
  const body = reasonOf(context);
  const isNow = context.values.flag("now");
  const noCompensate = context.values.flag("no-compensate");
  if (noCompensate && context.values.optionalArgument("ID") === undefined)
    throw usageFailure("`--no-compensate` needs the ID of one run.");
  if (noCompensate) return cancelWithout(context, body);
  return steer(context, {
    done: isNow ? "is terminated" : "is being cancelled",
    ...(isNow ? {} : { confirm: (server, id) => confirmCancellation(context, server, id) }),
    steerOne: (server, id) => {
      const parts = { params: { id }, query: server.namespace, body };
      return whichever<Steered>({
        run: () => server.call(isNow ? "runs.terminate" : "runs.cancel", parts),
        mission: () => server.call(isNow ? "missions.terminate" : "missions.cancel", parts),
        session: () => server.call(isNow ? "sessions.terminate" : "sessions.cancel", parts),
      });
    },
    many: isNow ? { terminate: {} } : { cancel: {} },
  });
}

/** Cancels without compensation. Missions and sessions have no compensations of their own. */
function cancelWithout(context: Context, body: { readonly reason?: string }): Promise<Result> {
  return steer(context, {
    done: "is being cancelled without compensation",
    steerOne: (server, id) =>
      server.call("runs.cancel", {
        params: { id },
        query: server.namespace,
        body: { ...body, noCompensate: true },
      }),
    many: { cancel: {} },
  });
}

/** Prints the compensated tasks, and asks on a terminal. Without one it continues, because programs pass no `--yes`. */
async function confirmCancellation(context: Context, server: Server, id: string): Promise<boolean> {
  const { values, print } = context;
  const isPrompted = print.canPrompt && !values.flag("yes");
  if (!isPrompted && !print.hasNotes) return true;
  const parts = { params: { id }, query: server.namespace };
  const { compensationText } = await import("./compensation.ts");
  // Missions and sessions need no such sentence.
  const run = await whichever<Run | undefined>({
    run: () => server.call("runs.get", parts),
    mission: () => server.call("missions.get", parts).then(() => undefined),
    session: () => server.call("sessions.get", parts).then(() => undefined),
  });
  const text = run === undefined ? undefined : await compensationText(server, run);
  if (text !== undefined) print.note(safe(text));
  return !isPrompted || (await isConfirmed(context, `Cancel ${safe(id)}?`));
}

export function pause(context: Context): Promise<Result> {
  const body = reasonOf(context);
  return steer(context, {
    done: "is paused",
    steerOne: (server, id) => {
      const parts = { params: { id }, query: server.namespace, body };
      return whichever<Steered>({
        run: () => server.call("runs.pause", parts),
        mission: () => server.call("missions.pause", parts),
        session: () => server.call("sessions.pause", parts),
      });
    },
    many: { pause: {} },
  });
}

export function resume(context: Context): Promise<Result> {
  const taskIds = context.values.list("task");
  const reason = reasonOf(context);
  const body = { ...reason, ...(taskIds.length === 0 ? {} : { taskIds }) };
  return steer(context, {
    done: "is resumed",
    steerOne: (server, id) => {
      const parts = { params: { id }, query: server.namespace };
      const run = () => server.call("runs.resume", { ...parts, body });
      // A mission and a session continue as a whole.
      if (taskIds.length > 0) return run();
      const mission = () => server.call("missions.resume", { ...parts, body: reason });
      const session = () => server.call("sessions.resume", { ...parts, body: reason });
      return whichever<Steered>({ run, mission, session });
    },
    many: { resume: {} },
  });
}

export function retry(context: Context): Promise<Result> {
  const { values } = context;
  const taskIds = values.list("task");
  const key = values.text("idempotency-key");
  const body = { ...reasonOf(context), ...(taskIds.length === 0 ? {} : { taskIds }) };
  return steer(context, {
    done: "is being retried",
    failed: "was retried, and has failed again",
    steerOne: (server, id) => {
      const parts = {
        params: { id },
        query: server.namespace,
        body,
        ...(key === undefined ? {} : { idempotencyKey: key }),
      };
      return whichever<Steered>({
        run: () => server.call("runs.retry", parts),
        session: () => server.call("sessions.retry", parts),
      });
    },
    many: { retry: taskIds.length === 0 ? {} : { taskIds } },
  });
}

export async function reset(context: Context): Promise<Result> {
  const { values, print } = context;
  const [id, event] = [values.argument("ID"), values.argument("EVENT")];
  if (!/^[1-9]\d{0,6}$/.test(event))
    throw usageFailure(`EVENT: expected the number of an event, got \`${safe(event)}\`.`, [
      [`tutti history ${safe(id)}`, "shows the events with their numbers"],
    ]);
  const server = await connect(context);
  const key = values.text("idempotency-key");
  const run = await server.call("runs.reset", {
    params: { id },
    query: server.namespace,
    body: {
      toEvent: Number(event),
      keepSignals: values.flag("keep-signals"),
      reason: values.text("reason") ?? "reset from the command line",
    },
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  return {
    json: run,
    quiet: [],
    draw: () => print.line(`${print.style.green("✓")} ${safe(id)} is back at event ${event}`),
  };
}

export function remove(context: Context): Promise<Result> {
  const query = reasonOf(context);
  return steer(context, {
    done: "deleted",
    steerOne: async (server, id) => {
      const parts = { params: { id }, query: { ...server.namespace, ...query } };
      await whichever<unknown>({
        run: () => server.call("runs.delete", parts),
        mission: () => server.call("missions.delete", parts),
        session: () => server.call("sessions.delete", parts),
      });
      return undefined;
    },
    many: { remove: {} },
  });
}
