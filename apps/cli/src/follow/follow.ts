/**
 * Follows a run to its end: draws it on a terminal, tells it line by line elsewhere.
 *
 * 1. What is shown comes from one stream with a cursor: a platform that was away is asked for what came after it, so nothing
 *    is missed, and nothing is told twice.
 * 2. While the platform is away the command says so and tries again; it gives up only when it is told to.
 * 3. Whoever stops following leaves the run as it is.
 */
import type { Run } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodeOf, exitCodes } from "../command/exit-codes.ts";
import type { Server } from "../server/calls.ts";
import { lookOf } from "../terminal/states.ts";
import { FrameTeller } from "./frame-teller.ts";
import { LineTeller } from "./line-teller.ts";
import { RunModel } from "./run-model.ts";
import { tellEnd } from "./tell-end.ts";
import type { Teller } from "./teller.ts";

export interface Following {
  readonly server: Server;
  readonly id: string;
}

/** Gives the exit code that tells the outcome. */
export async function followRun(context: Context, { server, id }: Following): Promise<number> {
  const { shell, values, print } = context;
  const ended = new AbortController();
  const signal = AbortSignal.any([shell.interrupted, ended.signal]);
  const forMs = values.durationMs("for");
  let isLate = false;
  if (forMs !== undefined)
    void shell.pause(forMs, signal).then(() => {
      isLate = !signal.aborted;
      ended.abort();
    });
  const teller = tellerFor(context);
  const model = new RunModel();
  let last: Run | undefined;
  try {
    const query = { ...server.namespace, withTasks: true };
    const stream = server.follow(
      "runs.watch",
      { params: { id }, query },
      {
        signal,
        onStanding: (standing) => teller.standing(standing),
      },
    );
    for await (const said of stream) {
      if (said.kind !== "snapshot" && said.kind !== "change") continue;
      if (said.kind === "snapshot" && said.isFirst) model.forget();
      const { value } = said;
      model.take(value);
      last = model.run;
      teller.changed(model, value);
      if (last !== undefined && lookOf(last.status).isEnded && last.status !== "continued") break;
    }
  } finally {
    teller.end(model);
    ended.abort();
  }
  if (shell.interrupted.aborted) {
    print.note(`${id} goes on; tutti watch ${id} takes up where you were.`);
    return exitCodes.interrupted;
  }
  if (isLate) {
    if (print.isJson && last !== undefined) print.json(last);
    print.note(`${id} has not ended yet; it goes on.`);
    return exitCodes.unfinished;
  }
  if (last === undefined) return exitCodes.unfinished;
  await tellEnd(context, server, { run: last, tasks: model, isShown: teller.showsEnd });
  return exitCodeOf(last.status);
}

function tellerFor({ shell, values, print }: Context): Teller {
  const isSilent = (print.isJson || print.isQuiet || values.flag("wait")) && !values.flag("watch");
  // The frame is drawn where people look; the outcome goes to standard output, which may be a file.
  if (isSilent) return new LineTeller({ print, shell, isSilent: true });
  if (shell.errors.isTerminal && shell.environment["TERM"] !== "dumb")
    return new FrameTeller({ sink: shell.errors, style: print.errorStyle, shell });
  return new LineTeller({ print, shell, isSilent: false });
}
