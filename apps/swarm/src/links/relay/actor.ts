import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import type { Principal } from "@tutti/kernel";

const kinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;

/** Who was shown to be at the other end of a stream, as it is told to others. */
export function actorOf({ kind, id }: Principal): Actor {
  return { kind: kinds[kind], id };
}
