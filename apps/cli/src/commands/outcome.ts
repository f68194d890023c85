/** Outcomes of commands that change one object. */
import type { Context } from "../command/declaration.ts";
import type { Outcome, Result } from "../command/presenter.ts";
import { displayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { safe } from "../terminal/text.ts";

/** Returns an outcome: one line about the change, the whole reply as JSON, or only an id. */
export function doneOutcome(
  { print }: Pick<Context, "print">,
  reply: unknown,
  {
    id,
    line,
    isAsBefore = false,
  }: { readonly id: string; readonly line: string; readonly isAsBefore?: boolean },
): Outcome {
  return {
    json: reply,
    quiet: [id],
    draw: () => {
      print.line(`${isAsBefore ? print.style.dim("–") : print.style.green("✓")} ${line}`);
    },
  };
}

/** Returns the line about a changed run, mission or session, with its state if the statement does not have it. */
export function steeredLine(
  { style }: Pick<Context["print"], "style">,
  { id, done, status }: { readonly id: string; readonly done: string; readonly status: string | undefined },
): string {
  const { symbol, tone, words } = displayOf(status);
  const text = words === "cancelled" ? done.replace("is being cancelled", "is cancelled") : done;
  const isStated = status === undefined || text.includes(words) || words === "cancelling";
  const now = isStated ? "" : `  ${toned(style, tone, `${symbol} ${words}`)}`;
  return `${style.green("✓")} ${safe(id)} ${text}${now}`;
}

/** Returns the outcome of a deletion. A second deletion finds nothing, and is no failure. */
export function deletedOutcome(
  { print }: Pick<Context, "print">,
  reply: { readonly removed?: boolean },
  id: string,
): Result {
  return {
    json: reply,
    quiet: [],
    draw: () => {
      print.line(
        reply.removed === true
          ? `${print.style.green("✓")} ${safe(id)} deleted`
          : `${print.style.dim("–")} ${safe(id)} not found`,
      );
    },
  };
}
