/**
 * Prints the log of a run. The attempts of its tasks with their errors are from the durable history. The output of its
 * handlers is there as far as the platform still keeps it.
 */
import { StringDecoder } from "node:string_decoder";
import { type EventFacts, eventOf, eventText } from "@tutti/rest/history";
import type { OutputChunk, RunEvent } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { disconnectionReporter } from "../../follow/disconnection.ts";
import type { Server } from "../../server/calls.ts";
import { eventsOf } from "../../server/events.ts";
import { connect } from "../../server/server.ts";
import { type Tone, toned } from "../../terminal/style.ts";
import { cut, padEnd, safe } from "../../terminal/text.ts";
import { printClock } from "../../terminal/time.ts";

/** One line of a log. */
interface LogLine {
  /** Undefined for stored output, whose pieces have no time. */
  readonly timeMs: number | undefined;
  /** Empty for the run itself. */
  readonly task: string;
  readonly attempt: number;
  readonly source: "history" | "output";
  /** Channel of output: `log`, `stdout`, or empty. */
  readonly channel: string;
  readonly tone: Tone;
  readonly text: string;
}

export async function logs(context: Context): Promise<Result> {
  const { values, shell } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const task = values.text("task");
  const isFollowed = values.flag("follow");
  // A followed task may start later, such as a part of `forEach`.
  if (task === undefined || isFollowed)
    await server.call("runs.get", { params: { id }, query: server.namespace });
  else await server.call("tasks.get", { params: { id, task }, query: server.namespace });
  const sinceMs = values.momentMs("since", shell.nowMs());
  return {
    follow: async (emit) => {
      const log = new RunLog({
        server,
        id,
        isFollowed,
        sinceMs: sinceMs ?? 0,
        signal: shell.interrupted,
        task,
        nowMs: () => (isFollowed ? shell.nowMs() : undefined),
        emit: (line) => emit(recordOf(context, line)),
      });
      await log.readHistory();
      if (isFollowed && !log.hasEnded) await follow(context, log, { server, id });
      await log.finishOutputs();
      return shell.interrupted.aborted ? exitCodes.interrupted : exitCodes.completed;
    },
  };
}

/** Reads the history again after each change of the run. */
async function follow(
  context: Context,
  log: RunLog,
  { server, id }: { readonly server: Server; readonly id: string },
): Promise<void> {
  const absence = disconnectionReporter(context);
  const parts = { params: { id }, query: { ...server.namespace, withTasks: true } };
  try {
    const options = {
      onConnectionChange: (...args: Parameters<typeof absence.update>) => absence.update(...args),
    };
    for await (const reply of server.follow("runs.watch", parts, options)) {
      if (reply.kind !== "change" && reply.kind !== "snapshot") continue;
      await log.readHistory();
      if (log.hasEnded) return;
    }
  } finally {
    absence.close();
  }
}

interface RunLogParts {
  readonly server: Pick<Server, "call" | "follow" | "namespace">;
  readonly id: string;
  readonly task: string | undefined;
  readonly sinceMs: number;
  /** Whether output is followed until its task ends. Default: only the available output is read. */
  readonly isFollowed: boolean;
  readonly signal: AbortSignal;
  /** The time of a line of output. */
  readonly nowMs: () => number | undefined;
  readonly emit: (line: LogLine) => void;
}

/**
 * 1. Lines of the history are in its order, each once.
 * 2. The output of a task is printed before the line that ends the task.
 */
class RunLog {
  readonly #parts: RunLogParts;
  /** Readers of output by task, opened when an agent has started the task. */
  readonly #outputs = new Map<string, Promise<void>>();
  #last = 0;
  #hasEnded = false;

  constructor(parts: RunLogParts) {
    this.#parts = parts;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Prints the events after the last event read. */
  async readHistory(): Promise<void> {
    const { server, id, task } = this.#parts;
    for await (const event of eventsOf(server, id, { afterEvent: this.#last })) {
      if (task === undefined || event.taskId === task || (event.taskId ?? "") === "") await this.#emit(event);
      this.#last = event.event ?? this.#last;
    }
  }

  /** Resolves when the output of all open tasks is printed. */
  async finishOutputs(): Promise<void> {
    await Promise.all(this.#outputs.values());
  }

  async #emit(json: RunEvent): Promise<void> {
    const { task, sinceMs, emit } = this.#parts;
    const event = eventOf(json);
    const { type, timeMs, task: taskId, details } = event;
    if (taskId === "" && type.startsWith("run_")) this.#hasEnded = endsRun.test(type);
    if (timeMs < sinceMs) return;
    if (
      taskId !== "" &&
      (type === "attempt_started" || (endsTask.test(type) && details["agent"] !== undefined))
    )
      this.#outputs.set(taskId, this.#outputs.get(taskId) ?? this.#printOutput(taskId));
    if (endsTask.test(type)) await this.#outputs.get(taskId);
    const line = textOf(event);
    if (line === undefined || (task !== undefined && taskId !== task)) return;
    const attempt = Number(details["attempt"] ?? 0);
    emit({ timeMs, task: taskId, attempt, source: "history", channel: "", ...line });
  }

  async #printOutput(task: string): Promise<void> {
    const { server, id, isFollowed, signal, nowMs, emit } = this.#parts;
    const text = new OutputText();
    const emitLines = (lines: readonly OutputLine[]): void => {
      for (const line of lines) emit({ timeMs: nowMs(), task, source: "output", tone: "plain", ...line });
    };
    const parts = { params: { id, task }, query: server.namespace };
    for await (const update of server.follow("tasks.output", parts, { signal })) {
      if (update.kind !== "change" && update.kind !== "snapshot") continue;
      emitLines(update.value.chunks.flatMap((chunk) => text.add(chunk)));
      if (!isFollowed && update.value.live === true) break;
    }
    emitLines(text.rest());
  }
}

const endsRun = /^run_(completed|failed|cancelled|terminated|continued|withdrawn)$/;
const endsTask = /^task_(completed|failed|cancelled|skipped)$/;

interface OutputLine {
  readonly attempt: number;
  readonly channel: string;
  readonly text: string;
}

/** Assembles lines from pieces, which end anywhere. */
export class OutputText {
  readonly #open = new Map<
    string,
    { readonly attempt: number; readonly decoder: StringDecoder; text: string }
  >();

  /** Returns the lines that this piece completes. */
  add({ attempt = 0, channel = "", chunk = "", mediaType = "" }: OutputChunk): OutputLine[] {
    const bytes = Buffer.from(chunk, "base64");
    if (mediaType !== "" && !/^text\/|json/.test(mediaType))
      return [{ attempt, channel, text: `(${bytes.length} bytes of ${mediaType})` }];
    const before = this.#open.get(channel);
    // A later attempt replaces an earlier one.
    const open =
      before?.attempt === attempt ? before : { attempt, decoder: new StringDecoder("utf8"), text: "" };
    this.#open.set(channel, open);
    const lines = (open.text + open.decoder.write(bytes)).split("\n");
    open.text = lines.pop() ?? "";
    return lines.map((text) => ({ attempt, channel, text }));
  }

  /** Returns the text without an end of line. */
  rest(): OutputLine[] {
    const lines = [...this.#open].flatMap(([channel, { attempt, text }]) =>
      text === "" ? [] : [{ attempt, channel, text }],
    );
    this.#open.clear();
    return lines;
  }
}

type Details = Readonly<Record<string, unknown>>;

/** Returns the text of an event in a log. Undefined for intermediate steps, which `tutti history` lists. */
function textOf(event: EventFacts): { readonly text: string; readonly tone: Tone } | undefined {
  const { type, details } = event;
  const by = typeof details["agent"] === "string" && details["agent"] !== "" ? ` by ${details["agent"]}` : "";
  const error = errorIn(details);
  switch (type) {
    case "attempt_started":
      return { text: `started${by}`, tone: "plain" };
    case "progress_saved": {
      const text = progressIn(details);
      return text === "" ? undefined : { text, tone: "plain" };
    }
    case "attempt_failed":
      return { text: `attempt failed${by}: ${error}`, tone: "yellow" };
    case "offer_returned":
      if (details["lost"] !== true) return undefined;
      return { text: `worker lost${by.replace(" by", "")}, given to another worker`, tone: "yellow" };
    case "task_completed":
      return { text: `completed${by}`, tone: "green" };
    case "task_failed":
    case "undo_failed":
      return { text: `${typeText(type)}${suffix(error)}`, tone: "red" };
    case "task_paused":
    case "task_cancelled":
    case "undo_completed":
      return { text: `${typeText(type)}${suffix(error)}`, tone: "yellow" };
    case "run_failed":
    case "run_terminated":
      return { text: `run ${typeText(type)}${suffix(error)}`, tone: "red" };
    case "model_calls_noted":
    case "approval_asked":
    case "approval_decided":
      return { text: eventText(event), tone: "plain" };
    default:
      return /^run_(started|paused|resumed|completed|cancelled|stopped|retried|reset|continued)$/.test(type)
        ? {
            text: `run ${typeText(type)}${suffix(error)}`,
            tone: type === "run_completed" ? "green" : "plain",
          }
        : undefined;
  }
}

const suffix = (text: string): string => (text === "" ? "" : `: ${text}`);

/** Returns an event type in words: `task_failed` is `failed`, `undo_failed` is `compensation failed`. */
function typeText(type: string): string {
  return type
    .replace(/^(task|run)_/, "")
    .replace(/^undo_/, "compensation ")
    .replaceAll("_", " ");
}

/** Returns the code and the message of an error. */
export function errorIn({ error, reason, message }: Details): string {
  const parts = isMembers(error) ? [error["code"], error["message"]] : [reason, message];
  const [first, second] = parts.filter((part): part is string => typeof part === "string" && part !== "");
  // Messages of Node start with their code: `ENOENT: no such file or directory`.
  if (first === undefined || second?.startsWith(`${first}:`)) return second ?? "";
  return second === undefined ? first : `${first}: ${second}`;
}

function progressIn({ fraction, message }: Details): string {
  const percent = typeof fraction === "number" && fraction > 0 ? `${Math.round(fraction * 100)} %` : "";
  const text = typeof message === "string" ? message : "";
  const progressText = [percent, text].filter((part) => part !== "").join(" ");
  return progressText === "" ? "" : `progress ${progressText}`;
}

function isMembers(value: unknown): value is Details {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf({ print }: Pick<Context, "print">, { tone, ...line }: LogLine): Outcome {
  const text = safe(line.text);
  const { style } = print;
  const channel = line.source === "output" ? style.dim(`${safe(line.channel)}│ `) : "";
  return {
    json: line,
    quiet: line.source === "output" ? [text] : [],
    draw: () => {
      print.line(
        [
          style.dim(line.timeMs === undefined ? " ".repeat(12) : printClock(line.timeMs)),
          padEnd(cut(safe(line.task), 32), 14),
          `${channel}${toned(style, tone, text)}`,
        ]
          .join("  ")
          .trimEnd(),
      );
    },
  };
}
