import type { ErrorDetail, Run } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import type { Printer } from "../command/printer.ts";
import type { Server } from "../server/calls.ts";
import { drawJson } from "../terminal/json.ts";
import { lookOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { safe, wrap } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { RunModel } from "./run-model.ts";

/** What came of a run that was followed: its output on standard output, words about it beside. */
export async function tellEnd(
  { print }: Context,
  server: Server,
  {
    run,
    tasks,
    isShown,
  }: {
    readonly run: Run;
    readonly tasks: RunModel /** Its end is on the screen. */;
    readonly isShown: boolean;
  },
): Promise<void> {
  // The stream tells states, not outputs: those may be large.
  const whole = await server.call("runs.get", { params: { id: run.runId }, query: server.namespace });
  if (print.isJson) {
    print.json(whole);
    return;
  }
  const { outcome } = whole;
  const style = print.errorStyle;
  const { symbol, tone, words } = lookOf(whole.status);
  const took =
    whole.startTimeMs !== undefined && whole.endTimeMs !== undefined
      ? ` ${style.dim(`in ${printDurationMs(whole.endTimeMs - whole.startTimeMs)}`)}`
      : "";
  if (isShown) print.note("");
  else print.note(`${toned(style, tone, `${symbol} ${safe(whole.runId)} ${words}`)}${took}`);
  if (outcome !== undefined && "completed" in outcome && outcome.completed !== undefined)
    print.lines(drawJson(outcome.completed, print));
  const error = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  if (error !== undefined) print.errorLines(drawError(error, print));
  if (whole.status === "failed") tellNext(print, whole.runId, tasks);
}

function tellNext(print: Printer, id: string, tasks: RunModel): void {
  const failed = [...tasks.tasks].find(({ status }) => status === "failed");
  const about = failed === undefined ? safe(id) : `${safe(id)} ${safe(failed.taskId)}`;
  const { errorStyle: style } = print;
  print.note(`  tutti why ${about}   ${style.dim("says why")}`);
  print.note(
    `  tutti retry ${safe(id)}${" ".repeat(Math.max(1, about.length - safe(id).length - 2))}   ${style.dim("takes it up again from what failed")}`,
  );
}

/** An error and what caused it, innermost last. */
export function drawError(
  error: ErrorDetail,
  { errorStyle: style, errorWidth }: Pick<Printer, "errorStyle" | "errorWidth">,
): string[] {
  const lines: string[] = [];
  let one: ErrorDetail | undefined = error;
  for (let depth = 0; one !== undefined && depth < 8; depth++) {
    const { code = "", message = "" } = one;
    const indent = "  ".repeat(depth + 1);
    const [first = "", ...rest] = wrap(
      safe(message === "" ? "no words about it" : message),
      errorWidth - indent.length - 12,
    );
    const label = depth === 0 ? "" : style.dim("because ");
    lines.push(`${indent}${label}${first}${code === "" ? "" : `  ${style.dim(safe(code))}`}`);
    lines.push(...rest.map((line) => `${indent}${line}`));
    one = one.cause;
  }
  return lines;
}
