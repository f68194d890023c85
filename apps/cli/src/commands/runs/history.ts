import { type EventFacts, eventOf, eventText } from "@tutti/rest/history";
import type { RunEvent, Span } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { type ExitCode, exitCodes } from "../../command/exit-codes.ts";
import type { Result, Stream } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { eventsOf } from "../../server/events.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import { drawJson } from "../../terminal/json.ts";
import { type Style, type Tone, toned } from "../../terminal/style.ts";
import { cut, padEnd, padStart, safe, widthOf } from "../../terminal/text.ts";
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

/** Reads the timeline of a mission or session, by start time. They have no events for people. */
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
    padEnd(kindText(kind), 14),
    padEnd(cut(safe(task), 32), 14),
    style.dim(about.join(" · ")),
  ]
    .join("  ")
    .trimEnd();
}

async function readEvents(
  { values, print }: Context,
  emit: Emit,
  server: Server,
  id: string,
): Promise<ExitCode> {
  const task = values.text("task");
  const afterEvent = values.integer("after");
  const drawing = { style: print.style, width: Math.min(print.width, 140), withData: values.flag("data") };
  let isEmpty = true;
  for await (const event of eventsOf(server, id, { task, afterEvent })) {
    emit({ json: event, quiet: [event.type], draw: () => print.lines(drawEvent(event, drawing)) });
    isEmpty = false;
  }
  // A task without events has not started. This call fails for a misspelled task.
  if (isEmpty && task !== undefined)
    await server.call("tasks.get", { params: { id, task }, query: server.namespace });
  return exitCodes.completed;
}

interface Drawing {
  readonly style: Style;
  readonly width: number;
  readonly withData: boolean;
}

export function drawEvent(json: RunEvent, { style, width, withData }: Drawing): string[] {
  const event = eventOf(json);
  const { number, timeMs, type, task, details } = event;
  const subject = padEnd(cut(safe(task === "" ? "run" : task), 32), 14);
  const room = Math.max(20, width - 22 - widthOf(subject));
  const line = [
    style.dim(padStart(String(number), 4)),
    style.dim(printClock(timeMs)),
    task === "" ? style.bold(subject) : subject,
    toned(style, toneOf(type), cut(safe(`${eventText(event)}${personOf(event)}`), room)),
  ].join("  ");
  if (!withData || Object.keys(details).length === 0) return [line];
  const indent = " ".repeat(20);
  return [
    line,
    ...drawJson(details, { style, width: width - indent.length }).map((detail) => indent + detail),
  ];
}

const kindText = (kind: string): string => kind.replaceAll("_", " ");

function toneOf(type: string): Tone {
  if (/(failed|terminated|lost)$/.test(type)) return "red";
  if (/(completed|approved)$/.test(type)) return "green";
  if (/(cancelled|paused|undo|sent_back|retried|reset|repaired)/.test(type)) return "yellow";
  return "plain";
}

/** Returns the person who caused an event. The text of the event names workers and the platform if they matter. */
function personOf({ actor, type }: EventFacts): string {
  if (actor === undefined || actor.kind === "service" || actor.kind === "agent") return "";
  return consequences.test(type) ? "" : ` · by ${actor.kind} ${actor.id}`;
}

/** Events that follow from an event of a person, or whose text names the person. */
const consequences = /_(queued|woken|turned|waiting|skipped)$|^(approval_decided|signal_taken)$/;
