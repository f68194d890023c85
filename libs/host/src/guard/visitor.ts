import { ActorKind } from "@tutti/contracts/types/v1";
import type { Principal, ShownCredential } from "@tutti/kernel";

/** A principal with a key or token. */
export type Visitor = Principal & { readonly shown: ShownCredential };

export function isVisitor(principal: Principal): principal is Visitor {
  return principal.shown !== undefined;
}

export const actorKinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;
