import { counted } from "@tutti/kernel";
import type { PlatformEvent } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Outcome, Result, Stream } from "../../command/presenter.ts";
import { disconnectionReporter } from "../../follow/disconnection.ts";
import { connect } from "../../server/server.ts";
import { drawJson } from "../../terminal/json.ts";
import { type Style, type Tone, toned } from "../../terminal/style.ts";
import { padEnd, safe } from "../../terminal/text.ts";
import { printClock } from "../../terminal/time.ts";

/** Prints events as they happen, until Ctrl-C. After a reconnection it also prints the events in between. */
export async function events(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const pattern = values.optionalArgument("PATTERN");
  const after = values.text("cursor");
  const most = values.integer("count") ?? Number.POSITIVE_INFINITY;
  const server = await connect(context);
  // A stream retries without end. This call fails if the platform is not reachable.
  await server.call("whoami");
  const drawing = { style: print.style, width: print.width, withData: values.flag("data") };
  const absence = disconnectionReporter(context);
  const stream = server.follow(
    "events",
    { query: { ...server.namespace, ...(pattern === undefined ? {} : { pattern }) } },
    {
      ...(after === undefined ? {} : { cursor: after }),
      onConnectionChange: (...args) => absence.update(...args),
    },
  );
  const follow: Stream["follow"] = async (emit) => {
    let count = 0;
    try {
      for await (const reply of stream) {
        if (reply.kind === "gap") print.errorLines([print.errorStyle.yellow(gapText(reply))]);
        if (reply.kind !== "event" && reply.kind !== "change") continue;
        emit(recordOf(context, reply.value, drawing));
        count += 1;
        if (count >= most) return exitCodes.completed;
      }
    } finally {
      absence.close();
    }
    return shell.interrupted.aborted ? exitCodes.interrupted : exitCodes.completed;
  };
  return { follow };
}

function gapText({ missed, reason }: { readonly missed: number | null; readonly reason: string }): string {
  const many = missed === null ? "Some events" : counted(missed, "event");
  const reasons: Readonly<Record<string, string>> = {
    slow: "the reader was too slow",
    retention: "their retention has ended",
    reset: "the platform was reset",
  };
  return `${many} were lost: ${reasons[reason] ?? reason}.`;
}

interface Drawing {
  readonly style: Style;
  readonly width: number;
  readonly withData: boolean;
}

function recordOf({ print }: Context, event: PlatformEvent, drawing: Drawing): Outcome {
  return {
    json: event,
    quiet: [safe(`${event.type} ${event.subject ?? ""}`.trim())],
    draw: () => {
      print.lines(drawEvent(event, drawing));
    },
  };
}

function drawEvent(
  { time, type, subject = "", data }: PlatformEvent,
  { style, width, withData }: Drawing,
): string[] {
  // `tutti.workflow.run.started`: the first word is always the same.
  const label = safe(type.replace(/^tutti\./, ""));
  const line = `${style.dim(printClock(Date.parse(time)))}  ${toned(style, toneOf(type), padEnd(label, 34))}  ${safe(subject)}`;
  if (!withData) return [line.trimEnd()];
  const indent = " ".repeat(14);
  const lines = drawJson(data, { style, width: Math.min(width, 120) - indent.length });
  return [line.trimEnd(), ...lines.map((detail) => `${indent}${detail}`)];
}

function toneOf(type: string): Tone {
  if (/(failed|terminated|lost|gone|suspect)$/.test(type)) return "red";
  if (/(completed|approved|ready)$/.test(type)) return "green";
  if (/(cancelled|paused|retrying|missed)$/.test(type)) return "yellow";
  return "plain";
}
