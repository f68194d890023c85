/** Outcomes of commands that change one object. */
import type { Context } from "../command/declaration.ts";
import type { Outcome, Result } from "../command/presenter.ts";
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
