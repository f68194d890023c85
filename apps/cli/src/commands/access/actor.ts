/** Reads and prints an identity as a word: `person:ada`. */

import type { Actor, ActorKind } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import { safe } from "../../terminal/text.ts";

const kinds: readonly string[] = ["person", "service", "agent"] satisfies readonly ActorKind[];

export function actorIn(
  { command }: Pick<Context, "command">,
  text: string,
): { kind: ActorKind; id: string } {
  const [, kind = "", id = ""] = /^([a-z]+):(.+)$/.exec(text) ?? [];
  if (kinds.includes(kind)) return { kind: kind as ActorKind, id };
  throw usageFailure(
    `Expected a principal such as person:ada, agent:press or service:billing, got \`${safe(text)}\`.`,
    [[`tutti help ${command.name}`, "shows examples"]],
  );
}

export function actorText(actor: Actor | undefined): string {
  return actor === undefined ? "everyone" : `${actor.kind ?? "unknown"}:${actor.id ?? ""}`;
}
