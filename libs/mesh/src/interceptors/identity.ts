/**
 * The caller of a call, and whether it is allowed. Ports decide that: a process without governance has the local ones,
 * any other one brings its own.
 *
 * 1. Nothing of a call is looked at before it is known who makes it, and it counts against their limit from then on.
 *    Each of its requests is compared with how large theirs may be.
 * 2. What the caller may do is decided for the namespace that the request is about, not for one that a header names. In
 *    a stream whose messages each name theirs, for each that is another one.
 * 3. A stream of a caller with a credential is decided on again when the rules change.
 */
import { namespaceOf as ownNamespaceOf } from "@tutti/contracts/rpc";
import { localAdministrator, type Principal, type Timers, type TuttiError } from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";
import { meshErrors } from "../errors.ts";
import type { Incoming, ServerCall } from "../server/server-call.ts";
import type { RequestRules } from "./admission.ts";
import type { Interceptor } from "./chain.ts";
import { OpenStreams, type RuleChanges } from "./open-streams.ts";

/**
 * Says on whose behalf a call is made, from what came with it. Throws or rejects with UNAUTHENTICATED when it cannot.
 */
export interface Identity {
  identify(incoming: Incoming): Principal | Promise<Principal>;
}

/** The policy action of an rpc, and the kind of resource it is about. */
export interface Rule {
  readonly action: string;
  readonly resource: string;
  /** What its owner is found by: the run of a task, a pool. Undefined where the call names nothing. */
  readonly within: { readonly kind: string; readonly id: string } | undefined;
}

export type Decision =
  | {
      readonly allowed: true;
      /** Whom the handler sees, where more is known of the caller now than before. */
      readonly principal?: Principal;
    }
  | Denial;

export interface Denial {
  readonly allowed: false;
  readonly reason: string;
  /** What to do about it, where that is not to ask for a right. */
  readonly remedy?: string;
  /** The one namespace that what was shown is good for, where that is another. */
  readonly home?: string;
}

/** The namespace of what is about the installation itself. */
export const installationNamespace = "system";

/** Decides whether a principal may do what an rpc does, in a namespace. */
export interface Authorizer {
  authorize(principal: Principal, rule: Rule, namespace: string): Decision | Promise<Decision>;
}

/** How much each caller may ask for. */
export interface CallLimiter {
  /**
   * A call comes. Throws when it is one too many, else gives what is called when it ends. Undefined where nothing is
   * counted.
   */
  startCall(principal: Principal, incoming: Incoming, isStream: boolean): (() => void) | undefined;
  /** A request of so many bytes came. Throws when it is larger than the caller's may be. */
  requireSize(principal: Principal, incoming: Incoming, bytes: number): void;
}

export interface Gate {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  readonly limiter?: CallLimiter | undefined;
  readonly changes?: RuleChanges | undefined;
  readonly requests?: RequestRules | undefined;
}

/** Keeps the principal that a service of this installation handed on, else takes the local administrator. */
export const localIdentity: Identity = { identify: (incoming) => incoming.presented ?? localAdministrator };

const allowed: Decision = { allowed: true };
const refused: Decision = {
  allowed: false,
  reason: "only administrators may, as long as no policies are in force",
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
      // Frames of an agent's link name theirs in the first one alone.
      const isNamedByEach = rpc.requestStream && rpc.namespaceOf === ownNamespaceOf;
      const decide = (call: ServerCall, rule: Rule, namespace: string): Promise<void> | undefined => {
        const decision = authorizer.authorize(call.principal, rule, namespace);
        if (!(decision instanceof Promise)) return requireAllowed(decision, call, namespace);
        return decision.then((made) => requireAllowed(made, call, namespace));
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
          // The installation's own are bound by no rules that change.
          if (streaming && call.principal.shown !== undefined)
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

/** Returns a denial, with the reasons of all that deny. */
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
