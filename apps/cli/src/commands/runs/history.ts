import type { RunEvent, Span } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { type ExitCode, exitCodes } from "../../command/exit-codes.ts";
import type { Result, Stream } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import { drawJson } from "../../terminal/json.ts";
import { type Style, type Tone, toned } from "../../terminal/style.ts";
import { cut, padEnd, padStart, safe } from "../../terminal/text.ts";
import { printClock, printDurationMs } from "../../terminal/time.ts";

const pageSize = 500;

/** Prints the events of a run, or the timeline of a mission or session. */
export async function history(context: Context): Promise<Result> {
  const server = await connect(context);
  const params = { id: context.values.argument("ID") };
  const follow = await whichever<Stream["follow"]>({
    run: async () => {
      await server.call("runs.get", { params, query: server.namespace });
      return (emit) => readEvents(context, emit, server, params.id);
    },
    mission: async () => {
      await server.call("missions.get", { params, query: server.namespace });
      return (emit) =>
        readSpans(context, emit, (page) =>
          server.call("missions.timeline", { params, query: { ...server.namespace, ...page } }),
        );
    },
    session: async () => {
      await server.call("sessions.get", { params, query: server.namespace });
      return (emit) =>
        readSpans(context, emit, (page) =>
          server.call("sessions.timeline", { params, query: { ...server.namespace, ...page } }),
        );
    },
  });
  return { follow };
}

type Emit = Parameters<Stream["follow"]>[0];

interface SpanPage {
  readonly spans: readonly Span[];
  readonly nextToken?: string;
}

/** Missions and sessions have no events for people. Their timeline has what happened, by the time it started. */
async function readSpans(
  { values, print }: Context,
  emit: Emit,
  read: (page: { readonly size: number; readonly token?: string }) => Promise<SpanPage>,
): Promise<ExitCode> {
  const task = values.text("task");
  let token: string | undefined;
  do {
    const reply = await read({ size: pageSize, ...(token === undefined ? {} : { token }) });
    for (const span of reply.spans) {
      if (task !== undefined && span.task !== task) continue;
      emit({ json: span, quiet: [span.kind ?? ""], draw: () => print.line(drawSpan(span, print.style)) });
    }
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
  return exitCodes.completed;
}

function drawSpan(
  { startTimeMs = 0, endTimeMs, kind, task = "", agentId = "", attempt = 0 }: Span,
  style: Style,
): string {
  const about = [
    attempt > 0 ? `attempt ${attempt}` : "",
    agentId === "" ? "" : `by ${safe(agentId)}`,
    endTimeMs === undefined ? "" : printDurationMs(endTimeMs - startTimeMs),
  ].filter((part) => part !== "");
  return [
    style.dim(printClock(startTimeMs)),
    padEnd(words(kind), 14),
    padEnd(cut(safe(task), 32), 14),
    style.dim(about.join(" · ")),
  ]
    .join("  ")
    .trimEnd();
}

/** Page by page as they come: a history may be long. */
async function readEvents(
  { values, print }: Context,
  emit: Emit,
  server: Server,
  id: string,
): Promise<ExitCode> {
  const task = values.text("task");
  const afterEvent = values.whole("after");
  const drawing = { style: print.style, width: Math.min(print.width, 140), withData: values.flag("data") };
  let isEmpty = true;
  let token: string | undefined;
  do {
    const reply = await server.call("runs.history", {
      params: { id },
      query: {
        ...server.namespace,
        size: pageSize,
        ...(task === undefined ? {} : { task }),
        ...(afterEvent === undefined ? {} : { afterEvent }),
        ...(token === undefined ? {} : { token }),
      },
    });
    for (const event of reply.events) {
      emit({ json: event, quiet: [event.type], draw: () => print.lines(drawEvent(event, drawing)) });
      isEmpty = false;
    }
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
  // A task without events has not started. A misspelled one is refused.
  if (isEmpty && task !== undefined)
    await server.call("tasks.get", { params: { id, task }, query: server.namespace });
  return exitCodes.completed;
}

interface Drawing {
  readonly style: Style;
  readonly width: number;
  readonly withData: boolean;
}

function drawEvent(
  { event = 0, timeMs = 0, type, taskId = "", details, cause }: RunEvent,
  { style, width, withData }: Drawing,
): string[] {
  const actor = cause?.actor;
  const who = actor === undefined || actor.kind === "service" ? "" : `by ${actor.kind} ${actor.id}`;
  const head = [
    style.dim(padStart(String(event), 4)),
    style.dim(printClock(timeMs)),
    toned(style, toneOf(type), padEnd(words(type), 18)),
    padEnd(cut(safe(taskId), 32), 14),
  ].join("  ");
  const rest = [safe(reasonIn(details)), safe(who)].filter((part) => part !== "").join(" · ");
  const line = `${head}  ${style.dim(cut(rest, Math.max(10, width - 58)))}`.trimEnd();
  if (!withData || !isMembers(details) || Object.keys(details).length === 0) return [line];
  const indent = " ".repeat(20);
  return [line, ...drawJson(details, { style, width: width - indent.length }).map((one) => indent + one)];
}

const words = (type: string): string => type.replaceAll("_", " ");

function toneOf(type: string): Tone {
  if (/(failed|terminated|lost)$/.test(type)) return "red";
  if (/(completed|approved)$/.test(type)) return "green";
  if (/(cancelled|paused|undo|sent_back|retried|reset|repaired)/.test(type)) return "yellow";
  return "plain";
}

/** What an event says for people: a reason, or the words of its error. */
function reasonIn(details: unknown): string {
  if (!isMembers(details)) return "";
  const { reason, error, message, entry } = details;
  // A step of a durable function, with its place in the code.
  if (isMembers(entry) && typeof entry["id"] === "string")
    return [entry["id"], entry["at"], reasonIn(entry)]
      .filter((part) => part !== undefined && part !== "")
      .join(" · ");
  const inner = isMembers(error) ? (error["message"] ?? error["code"]) : error;
  for (const said of [reason, message, inner]) if (typeof said === "string" && said !== "") return said;
  return "";
}

function isMembers(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
