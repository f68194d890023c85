import type { Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";
import { deniedError } from "@tutti/mesh";

/** Insight acts under its own identity for a caller. So the caller needs the right for the action itself. */
export function requireRight(
  guard: Pick<Guard, "authorize"> | undefined,
  principal: Principal,
  { action, resource }: { readonly action: string; readonly resource: string },
  namespace: string,
): void {
  const rule = { action, resource, within: undefined };
  const decision = guard?.authorize(principal, rule, namespace);
  if (decision !== undefined && !decision.allowed) throw deniedError(principal, rule, namespace, decision);
}
