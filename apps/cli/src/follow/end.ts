import { needsOtherDefinition } from "@tutti/definitions";
import { ownFrames } from "@tutti/kernel";
import type { ErrorDetail } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodeOf } from "../command/exit-codes.ts";
import type { Outcome } from "../command/presenter.ts";
import type { Printer } from "../command/printer.ts";
import { drawJson } from "../terminal/json.ts";
import { displayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { safe, wrap } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import { type End, errorOf } from "./model.ts";

/**
 * Returns the outcome of a followed run. The output is on standard output, the state and the next commands on standard
 * error.
 *
 * @param page its address in the dashboard
 * @param isPrinted the last frame shows the state
 */
export function endOutcome({ print }: Context, end: End, page: string, isPrinted: boolean): Outcome {
  return {
    json: end.document,
    draw: () => {
      drawEnd(print, end, isPrinted);
      print.note(`  ${print.errorStyle.dim(page)}`);
    },
    exitCode: exitCodeOf(end.status),
  };
}

function drawEnd(print: Printer, end: End, isPrinted: boolean): void {
  const { id, status, outcome, tookMs } = end;
  const style = print.errorStyle;
  const { symbol, tone, words } = displayOf(status);
  const duration = tookMs === undefined ? "" : ` ${style.dim(`in ${printDurationMs(tookMs)}`)}`;
  if (isPrinted) print.note("");
  else print.note(`${toned(style, tone, `${symbol} ${safe(id)} ${words}`)}${duration}`);
  if (outcome !== undefined && "completed" in outcome && outcome.completed !== undefined)
    print.lines(drawJson(outcome.completed, print));
  const error = errorOf(outcome);
  if (error !== undefined) print.errorLines(drawError(error, print));
  if (status === "failed") printNext(print, end);
}

function printNext(print: Printer, { id, failedTask, outcome }: End): void {
  const about = failedTask === undefined ? safe(id) : `${safe(id)} ${safe(failedTask)}`;
  const { errorStyle: style } = print;
  print.note(`  tutti why ${about}   ${style.dim("explains the error")}`);
  if (needsOtherDefinition(errorOf(outcome)?.code ?? "")) return;
  print.note(
    `  tutti retry ${safe(id)}${" ".repeat(Math.max(1, about.length - safe(id).length - 2))}   ${style.dim("retries the failed tasks")}`,
  );
}

/** Draws an error and its causes, innermost last. */
export function drawError(
  error: ErrorDetail,
  { errorStyle: style, errorWidth }: Pick<Printer, "errorStyle" | "errorWidth">,
): string[] {
  const lines: string[] = [];
  let current: ErrorDetail | undefined = error;
  for (let depth = 0; current !== undefined && depth < 8; depth++) {
    const { code = "", message = "" } = current;
    const indent = "  ".repeat(depth + 1);
    const [first = "", ...rest] = wrap(
      safe(message === "" ? "no message" : message),
      errorWidth - indent.length - 12,
    );
    const label = depth === 0 ? "" : style.dim("because ");
    lines.push(`${indent}${label}${first}${code === "" ? "" : `  ${style.dim(safe(code))}`}`);
    lines.push(...rest.map((line) => `${indent}${line}`));
    const { stack } = current.details ?? {};
    if (typeof stack === "string")
      lines.push(...ownFrames(stack).map((frame) => style.dim(`${indent}  at ${safe(frame)}`)));
    current = current.cause;
  }
  return lines;
}
