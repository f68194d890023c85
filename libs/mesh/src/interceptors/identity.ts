/**
 * Authenticates and authorizes the caller of a call. Ports decide: a process without governance has the local ones, any
 * other one provides its own.
 *
 * 1. Nothing of a call is read before its caller is identified, and it counts against the caller's limit from then on.
 *    Each of its requests is checked against the caller's size limit.
 * 2. The caller is authorized for the namespace of the request, not for one in a header. If each message of a stream
 *    names a namespace, each different one is authorized.
 * 3. A stream of a caller with a credential is authorized again when the rules change.
 */
import { namespaceOf as ownNamespaceOf } from "@tutti/contracts/rpc";
import { localAdministrator, type Principal, type Timers, type TuttiError } from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";
import { meshErrors } from "../errors.ts";
import type { Incoming, ServerCall } from "../server/server-call.ts";
import type { RequestRules } from "./admission.ts";
import type { Interceptor } from "./chain.ts";
import { OpenStreams, type RuleChanges } from "./open-streams.ts";

/** Identifies the principal of a call from its incoming data. Throws or rejects with UNAUTHENTICATED if it cannot. */
export interface Identity {
  identify(incoming: Incoming): Principal | Promise<Principal>;
}

/** The policy action of an rpc, and the kind of its resource. */
export interface Rule {
  readonly action: string;
  readonly resource: string;
  /** The parent by which its owner is found: the run of a task, a pool. Undefined if the call names nothing. */
  readonly within: { readonly kind: string; readonly id: string } | undefined;
}

export type Decision =
  | {
      readonly allowed: true;
      /** The principal for the handler, if more is known about the caller now. */
      readonly principal?: Principal;
    }
  | Denial;

export interface Denial {
  readonly allowed: false;
  readonly reason: string;
  /** The remedy, if it is not to request a right. */
  readonly remedy?: string;
  /** The only namespace in which the credential is valid, if that is another one. */
  readonly home?: string;
}

/** The namespace of the installation itself. */
export const installationNamespace = "system";

/** Decides whether a principal may call an rpc in a namespace. */
export interface Authorizer {
  authorize(principal: Principal, rule: Rule, namespace: string): Decision | Promise<Decision>;
}

/** Limits of each caller. */
export interface CallLimiter {
  /**
   * Counts a call. Throws if the limit is exceeded. Returns a function to call at its end, or undefined if nothing is
   * counted.
   */
  startCall(principal: Principal, incoming: Incoming, isStream: boolean): (() => void) | undefined;
  /** Checks the size of a request. Throws if it exceeds the caller's limit. */
  requireSize(principal: Principal, incoming: Incoming, bytes: number): void;
}

export interface Gate {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  readonly limiter?: CallLimiter | undefined;
  readonly changes?: RuleChanges | undefined;
  readonly requests?: RequestRules | undefined;
}

/** Uses the principal that a service of this installation passed on, else the local administrator. */
export const localIdentity: Identity = { identify: (incoming) => incoming.presented ?? localAdministrator };

const allowed: Decision = { allowed: true };
const refused: Decision = {
  allowed: false,
  reason: "only administrators are allowed while no policies are in force",
};

/** Allows administrators everything and all others nothing. */
export const localAuthorizer: Authorizer = {
  authorize: (principal) => (principal.roles.includes("admin") ? allowed : refused),
};

export function identityInterceptor(gate: Gate, timers: Timers): Interceptor<ServerCall> {
  const { identity, authorizer, limiter, changes } = gate;
  const open = new OpenStreams(changes, timers);
  return {
    name: "identity",
    scope: "core",
    run(binding) {
      const { rpc, builtin, streaming } = binding.method;
      const { action, resource, route } = rpc;
      const withinOf = (message: unknown): Rule["within"] => {
        const id = route?.idOf(message) ?? "";
        return route === undefined || id === "" ? undefined : { kind: route.kind, id };
      };
      // In an agent's link only the first frame names the namespace.
      const isNamedByEach = rpc.requestStream && rpc.namespaceOf === ownNamespaceOf;
      const decide = (call: ServerCall, rule: Rule, namespace: string): Promise<void> | undefined => {
        const decision = authorizer.authorize(call.principal, rule, namespace);
        if (!(decision instanceof Promise)) return requireAllowed(decision, call, namespace);
        return decision.then((decided) => requireAllowed(decided, call, namespace));
      };
      const count = (call: ServerCall): undefined => {
        call.uncount = builtin ? undefined : limiter?.startCall(call.principal, call.incoming, streaming);
      };
      binding.add({
        before(call) {
          const principal = builtin ? call.principal : identity.identify(call.incoming);
          if (!(principal instanceof Promise)) {
            call.principal = principal;
            return count(call);
          }
          return principal.then((identified) => {
            call.principal = identified;
            count(call);
          });
        },
        request(call, message) {
          if (!builtin && call.requestBytes > 0)
            limiter?.requireSize(call.principal, call.incoming, call.requestBytes);
          const about = rpc.namespaceOf(message);
          if (call.namespaceKnown && (!isNamedByEach || about === call.namespace)) return undefined;
          call.namespaceKnown = true;
          call.namespace = about ?? call.namespace;
          if (builtin) return undefined;
          const namespace = about ?? installationNamespace;
          const rule = { action, resource, within: withinOf(message) };
          // Changing rules do not apply to principals of the installation.
          if (streaming && call.principal.credential !== undefined)
            open.add(call, () => decide(call, rule, namespace));
          return decide(call, rule, namespace);
        },
        after(call) {
          if (streaming) open.delete(call);
          call.uncount?.();
          call.uncount = undefined;
        },
      });
    },
  };
}

function requireAllowed(decision: Decision, call: ServerCall, namespace: string): undefined {
  if (decision.allowed) {
    call.principal = decision.principal ?? call.principal;
    return undefined;
  }
  throw deniedError(call.principal, call.method.rpc, namespace, decision);
}

/** Returns a denial, with the reasons of all denying policies. */
export function deniedError(
  { kind, id }: Principal,
  { action, resource }: Pick<Rule, "action" | "resource">,
  namespace: string,
  { reason, remedy, home }: Omit<Denial, "allowed">,
): TuttiError {
  const named = { principal: `${kind} ${id}`, action, resource, namespace };
  const details = { ...named, ...(home !== undefined && { home }) };
  return meshErrors.denied({ ...named, reason, remedy }, { details });
}

/** Calls on behalf of the present caller, else of this process itself. */
export function callerInterceptor(own: Principal): Interceptor<ClientCall> {
  return {
    name: "identity",
    scope: "core",
    run(binding) {
      binding.add({
        before(call) {
          call.principal = call.context?.principal ?? own;
          return undefined;
        },
      });
    },
  };
}
