import type { RunEvent } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { connect } from "../server/server.ts";
import { drawJson } from "../terminal/json.ts";
import { type Style, type Tone, toned } from "../terminal/style.ts";
import { cut, padEnd, padStart, safe } from "../terminal/text.ts";
import { printClock } from "../terminal/time.ts";

const pageSize = 500;

/** Prints the events of a run as they come, page by page: a history may be long, and nobody waits for its end. */
export async function history(context: Context): Promise<number> {
  const { values, print } = context;
  const id = values.argument("ID");
  const task = values.text("task");
  const afterEvent = values.whole("after");
  const server = await connect(context);
  const drawing = { style: print.style, width: Math.min(print.width, 140), withData: values.flag("data") };
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
      if (print.isJson) print.jsonLine(event);
      else if (print.isQuiet) print.line(event.type);
      else print.lines(drawEvent(event, drawing));
    }
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
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
  const { reason, error, message } = details;
  const inner = isMembers(error) ? (error["message"] ?? error["code"]) : error;
  for (const said of [reason, message, inner]) if (typeof said === "string" && said !== "") return said;
  return "";
}

function isMembers(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
