/**
 * Follows a run or a session to its end: draws it on a terminal, tells it line by line elsewhere.
 *
 * 1. What is shown comes from one stream with a cursor: a platform that was away is asked for what came after it, so
 *    nothing is missed, and nothing is told twice.
 * 2. While the platform is away for more than a moment the command says so and tries again. It gives up only when it is
 *    told to.
 * 3. The run continues when the user stops following it.
 */
import type { FollowOptions, Followed as Said } from "@tutti/rest/client";
import type {
  Explanation,
  Mission,
  Run,
  Session,
  WatchMissionReply,
  WatchRunReply,
  WatchSessionReply,
} from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodeOf, exitCodes } from "../command/exit-codes.ts";
import type { Server } from "../server/calls.ts";
import { durationOf } from "../terminal/progress.ts";
import { lookOf } from "../terminal/states.ts";
import { FrameTeller } from "./frame-teller.ts";
import { LineTeller } from "./line-teller.ts";
import type { End, Followed } from "./model.ts";
import { RunModel } from "./run-model.ts";
import { MissionModel, SessionModel } from "./session-model.ts";
import { tellCauses } from "./stuck.ts";
import { tellEnd } from "./tell-end.ts";
import type { Teller } from "./teller.ts";

export interface Following {
  readonly server: Server;
  readonly id: string;
}

/** Returns the exit code that tells the outcome. */
export function followRun(context: Context, { server, id }: Following): Promise<number> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new RunModel();
  return follow<WatchRunReply>(context, {
    ...{ id, model },
    stream: (options) => server.follow("runs.watch", parts, options),
    why: (task) => server.call("runs.why", { params: { id }, query: { ...server.namespace, task } }),
    // The stream tells states, not outputs: those may be large.
    end: async () => {
      const run: Run = await server.call("runs.get", { params: { id }, query: server.namespace });
      return endOf(run.runId, run, model.failedTask);
    },
  });
}

/** The same of a mission. */
export function followMission(context: Context, { server, id }: Following): Promise<number> {
  const at = { params: { id }, query: server.namespace };
  const model = new MissionModel();
  return follow<WatchMissionReply>(context, {
    ...{ id, model },
    stream: (options) => server.follow("missions.watch", at, options),
    why: async (task) => await server.call("missions.why", { ...at, query: { ...at.query, task } }),
    end: async () => {
      const mission: Mission = await server.call("missions.get", at);
      return endOf(mission.missionId, mission, model.failedTask);
    },
  });
}

/** The same of a session. */
export function followSession(context: Context, { server, id }: Following): Promise<number> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new SessionModel();
  return follow<WatchSessionReply>(context, {
    ...{ id, model },
    stream: (options) => server.follow("sessions.watch", parts, options),
    why: async (task) => {
      const query = { ...server.namespace, task };
      return (await server.call("sessions.why", { params: { id }, query })).explanation;
    },
    end: async () => {
      const session: Session = await server.call("sessions.get", { params: { id }, query: server.namespace });
      return endOf(session.sessionId, session, model.failedTask);
    },
  });
}

function endOf(id: string, whole: Run | Mission | Session, failedTask: string | undefined): End {
  const { status, statusReason = "", outcome, endTimeMs } = whole;
  const tookMs = endTimeMs === undefined ? undefined : durationOf(whole, endTimeMs);
  return { ...{ id, status, statusReason, outcome, tookMs, failedTask }, document: whole };
}

interface Thread<Reply> {
  readonly id: string;
  readonly model: Followed<Reply>;
  readonly stream: (options: FollowOptions) => AsyncGenerator<Said<Reply>, void, void>;
  /** Why a task does not start. */
  readonly why: (task: string) => Promise<Explanation | undefined>;
  readonly end: () => Promise<End>;
}

async function follow<Reply>(
  context: Context,
  { id, model, stream, why, end }: Thread<Reply>,
): Promise<number> {
  const { shell, values, print } = context;
  const ended = new AbortController();
  const signal = AbortSignal.any([shell.interrupted, ended.signal]);
  const forMs = values.durationMs("timeout");
  let isLate = false;
  if (forMs !== undefined)
    void shell.pause(forMs, signal).then(() => {
      isLate = !signal.aborted;
      ended.abort();
    });
  const teller = tellerFor(context);
  void tellCauses({ shell, model, teller, why, signal });
  try {
    const onStanding: FollowOptions["onStanding"] = (...news) => teller.standing(...news);
    for await (const said of stream({ signal, onStanding })) {
      if (said.kind !== "snapshot" && said.kind !== "change") continue;
      if (said.kind === "snapshot" && said.isFirst) model.forget();
      model.take(said.value);
      teller.changed(model);
      const status = model.whole?.status;
      if (lookOf(status).isEnded && status !== "continued") break;
    }
  } finally {
    teller.end(model);
    ended.abort();
  }
  if (shell.interrupted.aborted) {
    print.note(`${id} continues. Follow it with: tutti watch ${id}`);
    return exitCodes.interrupted;
  }
  if (isLate) {
    if (print.isJson && model.whole !== undefined) print.json((await end()).document);
    print.note(`${id} has not ended yet and continues.`);
    return exitCodes.unfinished;
  }
  if (model.whole === undefined) return exitCodes.unfinished;
  const all = await end();
  tellEnd(context, all, teller.showsEnd);
  return exitCodeOf(all.status);
}

function tellerFor({ shell, values, print }: Context): Teller {
  const isSilent = (print.isJson || print.isQuiet || values.flag("wait")) && !values.flag("watch");
  // The frame is drawn where people look. The outcome goes to standard output, which may be a file.
  if (isSilent) return new LineTeller({ print, shell, isSilent: true });
  if (shell.errors.isTerminal && shell.environment["TERM"] !== "dumb")
    return new FrameTeller({ sink: shell.errors, style: print.errorStyle, shell });
  return new LineTeller({ print, shell, isSilent: false });
}
