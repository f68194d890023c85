import { counted } from "@tutti/kernel";
import type { PlatformEvent } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { Absence } from "../../follow/absence.ts";
import { connect } from "../../server/server.ts";
import { drawJson } from "../../terminal/json.ts";
import { type Style, type Tone, toned } from "../../terminal/style.ts";
import { padEnd, safe } from "../../terminal/text.ts";
import { printClock } from "../../terminal/time.ts";

/**
 * Prints events as they happen, until it is asked to stop. A platform that was away is asked for what came meanwhile.
 */
export async function events(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const pattern = values.optionalArgument("PATTERN");
  const after = values.text("cursor");
  const most = values.whole("count") ?? Number.POSITIVE_INFINITY;
  const server = await connect(context);
  // A stream tries for ever. Whether there is a platform is found out once, before.
  await server.call("whoami");
  const drawing = { style: print.style, width: print.width, withData: values.flag("data") };
  let count = 0;
  const absence = new Absence({
    shell,
    onAway: (words) => print.errorLines([print.errorStyle.yellow(words)]),
    onBack: () => print.errorLines([print.errorStyle.green("Reconnected.")]),
  });
  const stream = server.follow(
    "events",
    { query: { ...server.namespace, ...(pattern === undefined ? {} : { pattern }) } },
    {
      ...(after === undefined ? {} : { cursor: after }),
      onStanding: (...news) => absence.stand(...news),
    },
  );
  try {
    for await (const said of stream) {
      if (said.kind === "gap") print.errorLines([print.errorStyle.yellow(gapWords(said))]);
      if (said.kind !== "event" && said.kind !== "change") continue;
      tell(context, said.value, drawing);
      count += 1;
      if (count >= most) return exitCodes.completed;
    }
  } finally {
    absence.end();
  }
  return shell.interrupted.aborted ? exitCodes.interrupted : exitCodes.completed;
}

function gapWords({ missed, reason }: { readonly missed: number | null; readonly reason: string }): string {
  const many = missed === null ? "Some events" : counted(missed, "event");
  const why: Readonly<Record<string, string>> = {
    slow: "the reader was too slow",
    retention: "their retention has ended",
    reset: "the platform was reset",
  };
  return `${many} were lost: ${why[reason] ?? reason}.`;
}

interface Drawing {
  readonly style: Style;
  readonly width: number;
  readonly withData: boolean;
}

function tell({ print }: Context, event: PlatformEvent, drawing: Drawing): void {
  if (print.isJson) print.jsonLine(event);
  else if (print.isQuiet) print.line(safe(`${event.type} ${event.subject ?? ""}`.trim()));
  else print.lines(drawEvent(event, drawing));
}

function drawEvent(
  { time, type, subject = "", data }: PlatformEvent,
  { style, width, withData }: Drawing,
): string[] {
  // `tutti.workflow.run.started`: the first word is always the same.
  const words = safe(type.replace(/^tutti\./, ""));
  const line = `${style.dim(printClock(Date.parse(time)))}  ${toned(style, toneOf(type), padEnd(words, 34))}  ${safe(subject)}`;
  if (!withData) return [line.trimEnd()];
  const indent = " ".repeat(14);
  const lines = drawJson(data, { style, width: Math.min(width, 120) - indent.length });
  return [line.trimEnd(), ...lines.map((one) => `${indent}${one}`)];
}

function toneOf(type: string): Tone {
  if (/(failed|terminated|lost|gone|suspect)$/.test(type)) return "red";
  if (/(completed|approved|ready)$/.test(type)) return "green";
  if (/(cancelled|paused|retrying|missed)$/.test(type)) return "yellow";
  return "plain";
}
