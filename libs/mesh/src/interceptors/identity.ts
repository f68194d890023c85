/**
 * Who calls, and whether they may. Until governance issues identities the administrator of this machine is the only
 * principal; whoever issues them later replaces the two ports and nothing else.
 */
import { localAdministrator, type Principal } from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";
import { meshErrors } from "../errors.ts";
import type { Incoming, ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

/** Says on whose behalf a call is made, from what came with it. Rejects with UNAUTHENTICATED when it cannot. */
export interface Identity {
  identify(incoming: Incoming): Principal | Promise<Principal>;
}

/** The policy action of an rpc and the kind of resource it is about. */
export interface Rule {
  readonly action: string;
  readonly resource: string;
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Decides whether a principal may do what an rpc does, in a namespace. */
export interface Authorizer {
  authorize(principal: Principal, rule: Rule, namespace: string): Decision | Promise<Decision>;
}

/** Keeps the principal that a service of this installation handed on, else takes the local administrator. */
export const localIdentity: Identity = {
  identify: (incoming) => incoming.presented ?? localAdministrator,
};

const allowed: Decision = { allowed: true };
const refused: Decision = {
  allowed: false,
  reason: "only administrators may, as long as no policies are in force",
};

/** Allows administrators everything and everybody else nothing. */
export const localAuthorizer: Authorizer = {
  authorize: (principal) => (principal.roles.includes("admin") ? allowed : refused),
};

export function identityInterceptor(identity: Identity, authorizer: Authorizer): Interceptor<ServerCall> {
  return {
    name: "identity",
    scope: "core",
    run(binding) {
      const { rpc, builtin } = binding.method;
      const decide = (call: ServerCall): Promise<void> | undefined => {
        const decision = authorizer.authorize(call.principal, rpc, call.namespace);
        if (!(decision instanceof Promise)) return insist(decision, call);
        return decision.then((made) => insist(made, call));
      };
      binding.add({
        begin(call) {
          const principal = identity.identify(call.incoming);
          if (!(principal instanceof Promise)) {
            call.principal = principal;
            return undefined;
          }
          return principal.then((identified) => {
            call.principal = identified;
          });
        },
        // The namespace is known with the first message only: what the request is about, not what a header says.
        request(call, message) {
          if (call.namespaceKnown) return undefined;
          call.namespaceKnown = true;
          call.namespace = rpc.namespaceOf(message) ?? call.namespace;
          return builtin ? undefined : decide(call);
        },
      });
    },
  };
}

function insist(decision: Decision, call: ServerCall): undefined {
  if (decision.allowed) return undefined;
  const { principal, namespace, method } = call;
  const who = `${principal.kind} ${principal.id}`;
  const { action, resource } = method.rpc;
  throw meshErrors.denied(
    { principal: who, action, resource, namespace, reason: decision.reason },
    { details: { principal: who, action, resource, namespace } },
  );
}

/** Calls on behalf of whoever is served at the moment, else of this process itself. */
export function callerInterceptor(own: Principal): Interceptor<ClientCall> {
  return {
    name: "identity",
    scope: "core",
    run(binding) {
      binding.add({
        begin(call) {
          call.principal = call.context?.principal ?? own;
          return undefined;
        },
      });
    },
  };
}
