/** An identity as a word: `person:ada`. */

import type { Actor, ActorKind } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome } from "../../command/presenter.ts";
import { safe } from "../../terminal/text.ts";

const kinds: readonly string[] = ["person", "service", "agent"] satisfies readonly ActorKind[];

export function actorIn(
  { command }: Pick<Context, "command">,
  word: string,
): { kind: ActorKind; id: string } {
  const [, kind = "", id = ""] = /^([a-z]+):(.+)$/.exec(word) ?? [];
  if (kinds.includes(kind)) return { kind: kind as ActorKind, id };
  throw usageFailure(
    `Expected a principal such as person:ada, agent:press or service:billing, got \`${safe(word)}\`.`,
    [[`tutti help ${command.name}`, "shows examples"]],
  );
}

export function whoIs(actor: Actor | undefined): string {
  return actor === undefined ? "everybody" : `${actor.kind ?? "somebody"}:${actor.id ?? ""}`;
}

export function reasonOf({ values }: Pick<Context, "values">): { readonly reason?: string } {
  const reason = values.text("reason");
  return reason === undefined ? {} : { reason };
}

export function keyOf({ values }: Pick<Context, "values">): { readonly idempotencyKey?: string } {
  const idempotencyKey = values.text("idempotency-key");
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}

/** One line about the change, the whole answer as JSON, or nothing but an id. */
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
