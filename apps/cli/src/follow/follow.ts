/**
 * Follows a run, mission or session to its end: in frames on a terminal, in lines elsewhere.
 *
 * 1. One stream with a cursor is read. After a reconnection it continues behind the last reply, so no change is missed
 *    or reported twice.
 * 2. If the platform is not reachable for more than a moment, the command reports it and retries until the user stops it.
 * 3. The run continues when the user stops following it.
 */
import { assert } from "@tutti/kernel";
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
import { dashboardUrl } from "../server/dashboard.ts";
import { withQuestions } from "../server/questions.ts";
import { durationOf } from "../terminal/progress.ts";
import { displayOf } from "../terminal/states.ts";
import { safe } from "../terminal/text.ts";
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

/** Follows a run, and the runs that it continues as. The exit code is the outcome of the last one. */
export async function followRun(context: Context, { server, id }: Following): Promise<Result> {
  const untilMs = deadlineOf(context);
  for (let next = id; ; ) {
    const end = await followOne(context, { server, id: next }, untilMs);
    if (!(end instanceof Successor)) return end;
    next = end.id;
  }
}

/** Signals that a run continues as another run. */
class Successor {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

function followOne(
  context: Context,
  { server, id }: Following,
  untilMs: number | undefined,
): Promise<Result | Successor> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new RunModel();
  const thread: Thread<WatchRunReply> = {
    id,
    page: dashboardUrl(server, "run", id),
    model,
    stream: (options) => server.follow("runs.watch", parts, options),
    explain: async (task) =>
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
  };
  return follow(context, thread, untilMs);
}

function deadlineOf({ values, shell }: Context): number | undefined {
  const forMs = values.durationMs("timeout");
  return forMs === undefined ? undefined : shell.nowMs() + forMs;
}

/** Follows a mission. */
export async function followMission(context: Context, { server, id }: Following): Promise<Result> {
  const at = { params: { id }, query: server.namespace };
  const model = new MissionModel();
  const thread: Thread<WatchMissionReply> = {
    id,
    page: dashboardUrl(server, "mission", id),
    model,
    stream: (options) => server.follow("missions.watch", at, options),
    explain: async (task) =>
      await server.call("missions.why", { params: { id }, query: whyQuery(server, task) }),
    end: async () => {
      const mission: Mission = await server.call("missions.get", at);
      return endOf(mission.missionId, mission, model.failedTask);
    },
  };
  return await followAlone(context, thread);
}

/** Follows a session. */
export async function followSession(context: Context, { server, id }: Following): Promise<Result> {
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  const model = new SessionModel();
  const thread: Thread<WatchSessionReply> = {
    id,
    page: dashboardUrl(server, "session", id),
    model,
    stream: (options) => server.follow("sessions.watch", parts, options),
    explain: async (task) => {
      const query = whyQuery(server, task);
      return (await server.call("sessions.why", { params: { id }, query })).explanation;
    },
    end: async () => {
      const session: Session = await server.call("sessions.get", { params: { id }, query: server.namespace });
      return endOf(session.sessionId, session, model.failedTask);
    },
  };
  return await followAlone(context, thread);
}

/** Follows a mission or session, which never continues as another one. */
async function followAlone<R>(context: Context, thread: Thread<R>): Promise<Result> {
  const end = await follow(context, thread, deadlineOf(context));
  assert(!(end instanceof Successor), "only a run continues as another one", { id: thread.id });
  return end;
}

const whyQuery = ({ namespace }: Server, task: string | undefined) => ({
  ...namespace,
  ...(task === undefined ? {} : { task }),
});

function endOf(id: string, work: Run | Mission | Session, failedTask: string | undefined): End {
  const { status, statusReason = "", outcome, endTimeMs } = work;
  const tookMs = endTimeMs === undefined ? undefined : durationOf(work, endTimeMs);
  return { id, status, statusReason, outcome, tookMs, failedTask, document: work };
}

interface Thread<R> {
  readonly id: string;
  /** Its address in the dashboard. */
  readonly page: string;
  readonly model: Followed<R>;
  readonly stream: (options: FollowOptions) => AsyncGenerator<Reply<R>, void, void>;
  /** Why a task does not start, or why the whole makes no progress. */
  readonly explain: (task?: string) => Promise<Explanation | undefined>;
  readonly end: () => Promise<End>;
}

async function follow<R>(
  context: Context,
  { id, page, model, stream, explain, end }: Thread<R>,
  untilMs: number | undefined,
): Promise<Result | Successor> {
  const { shell, print } = context;
  const over = new AbortController();
  const signal = AbortSignal.any([shell.interrupted, over.signal]);
  let isLate = false;
  if (untilMs !== undefined)
    void shell.pause(Math.max(0, untilMs - shell.nowMs()), signal).then(() => {
      isLate = !signal.aborted;
      over.abort();
    });
  const reporter = reporterFor(context);
  void reportCauses({ shell, model, reporter, explain, signal });
  try {
    const onConnectionChange: FollowOptions["onConnectionChange"] = (...args) =>
      reporter.connectionChanged(...args);
    for await (const reply of stream({ signal, onConnectionChange })) {
      if (reply.kind !== "snapshot" && reply.kind !== "change") continue;
      if (reply.kind === "snapshot" && reply.isFirst) model.reset();
      model.apply(reply.value);
      reporter.changed(model);
      const status = model.summary?.status;
      if (displayOf(status).isEnded && status !== "continued") break;
    }
  } finally {
    reporter.close(model);
    over.abort();
  }
  if (shell.interrupted.aborted) {
    print.note(`${id} continues. Follow it with: tutti watch ${id}`);
    return exitCodes.interrupted;
  }
  if (isLate) {
    print.note(`${id} has not ended yet and continues. See what it waits for: tutti why ${id}`);
    const json = model.summary === undefined ? undefined : (await end()).document;
    return { json, exitCode: exitCodes.unfinished };
  }
  if (model.summary === undefined) return exitCodes.unfinished;
  const ended = await end();
  const successor = ended.outcome?.continued?.id;
  if (successor === undefined) return endOutcome(context, ended, page, reporter.showsEnd);
  print.note(`→ ${safe(id)} continued as new: ${safe(successor)}`);
  return new Successor(successor);
}

/** Returns the reporter. Frames are drawn on standard error, because the output may be a file. */
function reporterFor({ shell, values, print }: Context): Reporter {
  const isEnabled = values.flag("watch") || (print.hasNotes && !values.flag("wait"));
  const frames = print.frames("errors", isEnabled);
  if (frames.kind === "drawn") return new FrameReporter({ frames, shell });
  return new LineReporter({ print, shell, isSilent: frames.kind === "none" });
}
