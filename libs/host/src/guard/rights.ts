import type { Principal } from "@tutti/kernel";
import { deniedError } from "@tutti/mesh";
import type { Guard } from "./guard.ts";

interface Action {
  readonly action: string;
  readonly resource: string;
}

/**
 * Throws if a caller lacks the right for an action that the handler does for it, in addition to the action of its method.
 *
 * @param guard undefined if callers are not checked
 */
export function requireRight(
  guard: Pick<Guard, "authorize"> | undefined,
  principal: Principal,
  { action, resource }: Action,
  namespace: string,
): void {
  const rule = { action, resource, within: undefined };
  const decision = guard?.authorize(principal, rule, namespace);
  if (decision !== undefined && !decision.allowed) throw deniedError(principal, rule, namespace, decision);
}
