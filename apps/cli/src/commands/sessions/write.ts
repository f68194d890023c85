/** Starts, signals, pauses, changes and ends sessions. */

import type { ExecuteSessionReply, Mode, Routes, Session, SessionSpecInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { followSession } from "../../follow/follow.ts";
import { isFileName, readDefinition, type SourceFile } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import type { PlacedProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";
import { budgetIn } from "../amounts.ts";
import { definitionNamed } from "../definition.ts";
import { steeredLine } from "../outcome.ts";

/** Starts a session from a file or a registered workflow, and follows it. */
export async function startSession(context: Context): Promise<Result> {
  const { values } = context;
  const mode = values.text("mode");
  const spec = await sessionOf(context, values.argument("FILE|NAME"), "nothing was started");
  return await start(context, await connect(context), {
    ...spec,
    // The platform rejects an unknown mode.
    ...(mode === undefined ? {} : { mode: mode as Mode }),
  });
}

/** Starts the session of a file. An error is shown at its position, and nothing starts. */
export async function runSession(context: Context, server: Server, file: SourceFile): Promise<Result> {
  return await start(context, server, await sessionIn(context, file, "nothing was started"));
}

async function start(context: Context, server: Server, body: SessionBody): Promise<Result> {
  const { values, print } = context;
  const labels = values.labels("label");
  const [id, key] = [values.text("id"), values.text("idempotency-key")];
  const priority = values.text("priority");
  const budget = budgetIn(context);
  const { session, existed }: ExecuteSessionReply = await server.call("sessions.start", {
    query: server.namespace,
    body: {
      ...body,
      ...(id === undefined ? {} : { sessionId: id }),
      ...(priority === undefined ? {} : { priority: Number(priority) }),
      ...(budget === undefined ? {} : { budget }),
      ...(Object.keys(labels).length === 0 ? {} : { labels: { ...body.labels, ...labels } }),
    },
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  if (session === undefined)
    throw new Failure("The platform returned no session.", {
      exitCode: exitCodes.refused,
      code: "strange_answer",
    });
  if (existed === true && (id ?? key) !== undefined)
    print.note(print.errorStyle.dim(`Session ${session.sessionId} already exists.`));
  if (!values.flag("detach")) return await followSession(context, { server, id: session.sessionId });
  return {
    json: session,
    draw: () => {
      print.line(session.sessionId);
    },
  };
}

type SessionBody = Routes["sessions.start"]["body"];

/** Returns the session of a file or of a registered workflow. @param so the consequence of an error */
export async function sessionOf(context: Context, target: string, so: string): Promise<SessionSpecInput> {
  const { values, shell } = context;
  if (isFileName(target, shell))
    // The file of a session has no id.
    return (await sessionIn(context, await readDefinition(target, shell), so)) as SessionSpecInput;
  const input = await readInput([...values.texts("input"), ...values.manyArguments("KEY=VALUE")], shell);
  const definition = definitionNamed(target);
  return { definition: { definition, ...(input === undefined ? {} : { input }) } };
}

async function sessionIn(context: Context, file: SourceFile, so: string): Promise<SessionBody> {
  const { values, shell } = context;
  const input = await readInput([...values.texts("input"), ...values.manyArguments("KEY=VALUE")], shell);
  const { checkSession, isSessionText } = await import("../../local/check-session.ts");
  if (!isSessionText(file))
    throw new Failure(`${file.fileName} contains no session: the key \`session\` is missing, ${so}.`, {
      next: [["tutti workflow register FILE", "registers a workflow. Then pass its name"]],
      exitCode: exitCodes.refused,
      code: "session_file_invalid",
    });
  const { problems, body } = checkSession(file, input);
  if (body === undefined) throw wrongFile(file, problems, so);
  return body;
}

type Problems = readonly PlacedProblem[];

/** @param so the consequence: `nothing was started` */
export function wrongFile({ fileName, text }: SourceFile, problems: Problems, so: string): Failure {
  const errors = problems.filter(({ severity }) => severity === "error");
  const many = errors.length === 1 ? "an error" : `${errors.length} errors`;
  return new Failure(`${fileName} has ${many}, ${so}.`, {
    problems: errors.map((problem) => ({ problem, text })),
    exitCode: exitCodes.refused,
    code: "session_file_invalid",
  });
}

export async function watchSession(context: Context): Promise<Result> {
  const server = await connect(context);
  const id = context.values.argument("ID");
  await server.call("sessions.get", { params: { id }, query: server.namespace });
  return await followSession(context, { server, id });
}

export async function signalSession(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const [id, name, key] = [values.argument("ID"), values.argument("NAME"), values.text("idempotency-key")];
  const data = await readInput(values.manyArguments("DATA"), shell, "the data");
  const part = values.text("part");
  const server = await connect(context);
  const reply = await server.call("sessions.signal", {
    params: { id, name },
    query: { ...server.namespace, ...(part === undefined ? {} : { partId: part }) },
    body: data ?? null,
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  return {
    json: reply,
    quiet: [],
    draw: () => {
      print.line(
        `${print.style.green("✓")} signal ${safe(name)} sent to ${safe(id)}  ${print.style.dim(`event ${reply.event ?? 0}`)}`,
      );
    },
  };
}

type Steer = (server: Server, id: string, body: { readonly reason?: string }) => Promise<Session>;

function steered(done: string, steer: Steer): (context: Context) => Promise<Result> {
  return async (context) => {
    const { values, print } = context;
    const id = values.argument("ID");
    const reason = values.text("reason");
    const server = await connect(context);
    const session = await steer(server, id, reason === undefined ? {} : { reason });
    return {
      json: session,
      quiet: [],
      draw: () => {
        print.line(steeredLine(print, { id, done, status: session.status }));
      },
    };
  };
}

export const pauseSession = steered("is paused", (server, id, body) =>
  server.call("sessions.pause", { params: { id }, query: server.namespace, body }),
);

export const resumeSession = steered("is resumed", (server, id, body) =>
  server.call("sessions.resume", { params: { id }, query: server.namespace, body }),
);

export const retrySession = steered("is being retried", (server, id, body) =>
  server.call("sessions.retry", { params: { id }, query: server.namespace, body }),
);

export function cancelSession(context: Context): Promise<Result> {
  const isNow = context.values.flag("now");
  const action = steered(isNow ? "is terminated" : "is being cancelled", (server, id, body) =>
    server.call(isNow ? "sessions.terminate" : "sessions.cancel", {
      params: { id },
      query: server.namespace,
      body,
    }),
  );
  return action(context);
}

export async function moveTasks(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.argument("ID");
  // The cast: the platform rejects an unknown mode.
  const mode = values.argument("MODE") as Mode;
  const reason = values.text("reason");
  const server = await connect(context);
  const { moves } = await server.call("sessions.move", {
    params: { id },
    query: server.namespace,
    body: { taskIds: values.manyArguments("TASK"), mode, ...(reason === undefined ? {} : { reason }) },
  });
  return {
    json: { moves },
    quiet: [],
    draw: () => {
      for (const { taskId = "", fromPartId = "", toPartId = "" } of moves)
        print.line(`${print.style.green("✓")} ${safe(taskId)}  ${safe(fromPartId)} → ${safe(toPartId)}`);
    },
  };
}
