/**
 * Follows a run, mission or session to its end: in frames on a terminal, in lines elsewhere.
 *
 * 1. One stream with a cursor is read. After a reconnection it continues behind the last reply, so no change is missed
 *    or reported twice.
 * 2. If the platform is not reachable for more than a moment, the command reports it and retries until the user stops it.
 * 3. The run continues when the user stops following it.
 */
import type { FollowOptions, Followed as Reply } from "@tutti/rest/client";
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
import { exitCodes } from "../command/exit-codes.ts";
import type { Result } from "../command/presenter.ts";
import type { Server } from "../server/calls.ts";
import { withQuestions } from "../server/questions.ts";
import { durationOf } from "../terminal/progress.ts";
import { lookOf } from "../terminal/states.ts";
import { endOutcome } from "./end.ts";
import { FrameReporter } from "./frame-reporter.ts";
import { LineReporter } from "./line-reporter.ts";
import type { End, Followed } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import { RunModel } from "./run-model.ts";
import { MissionModel, SessionModel } from "./session-model.ts";
import { reportCauses } from "./stuck.ts";

export interface Following {
  readonly server: Server;
  readonly id: string;
}

/** Follows a run. The exit code is its outcome. */
export function followRun(context: Context, { server, id }: Following): Promise<Result> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new RunModel();
  return follow<WatchRunReply>(context, {
    id,
    model,
    stream: (options) => server.follow("runs.watch", parts, options),
    why: async (task) =>
      await withQuestions(
        server,
        id,
        await server.call("runs.why", { params: { id }, query: whyQuery(server, task) }),
      ),
    // The stream has no outputs, which may be large.
    end: async () => {
      const run: Run = await server.call("runs.get", { params: { id }, query: server.namespace });
      return endOf(run.runId, run, model.failedTask);
    },
  });
}

/** Follows a mission. */
export function followMission(context: Context, { server, id }: Following): Promise<Result> {
  const at = { params: { id }, query: server.namespace };
  const model = new MissionModel();
  return follow<WatchMissionReply>(context, {
    id,
    model,
    stream: (options) => server.follow("missions.watch", at, options),
    why: async (task) => await server.call("missions.why", { params: { id }, query: whyQuery(server, task) }),
    end: async () => {
      const mission: Mission = await server.call("missions.get", at);
      return endOf(mission.missionId, mission, model.failedTask);
    },
  });
}

/** Follows a session. */
export function followSession(context: Context, { server, id }: Following): Promise<Result> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new SessionModel();
  return follow<WatchSessionReply>(context, {
    id,
    model,
    stream: (options) => server.follow("sessions.watch", parts, options),
    why: async (task) => {
      const query = whyQuery(server, task);
      return (await server.call("sessions.why", { params: { id }, query })).explanation;
    },
    end: async () => {
      const session: Session = await server.call("sessions.get", { params: { id }, query: server.namespace });
      return endOf(session.sessionId, session, model.failedTask);
    },
  });
}

const whyQuery = ({ namespace }: Server, task: string | undefined) => ({
  ...namespace,
  ...(task === undefined ? {} : { task }),
});

function endOf(id: string, whole: Run | Mission | Session, failedTask: string | undefined): End {
  const { status, statusReason = "", outcome, endTimeMs } = whole;
  const tookMs = endTimeMs === undefined ? undefined : durationOf(whole, endTimeMs);
  return { id, status, statusReason, outcome, tookMs, failedTask, document: whole };
}

interface Thread<R> {
  readonly id: string;
  readonly model: Followed<R>;
  readonly stream: (options: FollowOptions) => AsyncGenerator<Reply<R>, void, void>;
  /** Why a task does not start, or why the whole makes no progress. */
  readonly why: (task?: string) => Promise<Explanation | undefined>;
  readonly end: () => Promise<End>;
}

async function follow<R>(context: Context, { id, model, stream, why, end }: Thread<R>): Promise<Result> {
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
  const reporter = reporterFor(context);
  void reportCauses({ shell, model, reporter, why, signal });
  try {
    const onStanding: FollowOptions["onStanding"] = (...news) => reporter.standing(...news);
    for await (const reply of stream({ signal, onStanding })) {
      if (reply.kind !== "snapshot" && reply.kind !== "change") continue;
      if (reply.kind === "snapshot" && reply.isFirst) model.forget();
      model.apply(reply.value);
      reporter.changed(model);
      const status = model.whole?.status;
      if (lookOf(status).isEnded && status !== "continued") break;
    }
  } finally {
    reporter.close(model);
    ended.abort();
  }
  if (shell.interrupted.aborted) {
    print.note(`${id} continues. Follow it with: tutti watch ${id}`);
    return exitCodes.interrupted;
  }
  if (isLate) {
    print.note(`${id} has not ended yet and continues. See what it waits for: tutti why ${id}`);
    const json = model.whole === undefined ? undefined : (await end()).document;
    return { json, exitCode: exitCodes.unfinished };
  }
  if (model.whole === undefined) return exitCodes.unfinished;
  return endOutcome(context, await end(), reporter.showsEnd);
}

/** Frames are drawn on standard error: the output may be a file. */
function reporterFor({ shell, values, print }: Context): Reporter {
  const isWanted = values.flag("watch") || (print.hasNotes && !values.flag("wait"));
  const frames = print.frames("errors", isWanted);
  if (frames.kind === "drawn") return new FrameReporter({ frames, shell });
  return new LineReporter({ print, shell, isSilent: frames.kind === "none" });
}
