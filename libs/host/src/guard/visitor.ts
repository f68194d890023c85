import { ActorKind } from "@tutti/contracts/types/v1";
import type { CredentialClaims, Principal } from "@tutti/kernel";

/** A principal with a key or token. */
export type Visitor = Principal & { readonly credential: CredentialClaims };

export function isVisitor(principal: Principal): principal is Visitor {
  return principal.credential !== undefined;
}

export const actorKinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;
