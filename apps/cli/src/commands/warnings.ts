/** Shows the warnings of files that are accepted, such as an older key, at their lines. */
import type { Context } from "../command/declaration.ts";
import type { SourceProblem } from "../command/failure.ts";
import { drawProblem } from "../terminal/problems.ts";

export function noteWarnings({ print }: Pick<Context, "print">, warnings: readonly SourceProblem[]): void {
  const page = { style: print.errorStyle, width: Math.min(print.errorWidth, 120) };
  for (const { problem, text } of warnings)
    for (const line of drawProblem(problem, text, page)) print.note(line);
}
