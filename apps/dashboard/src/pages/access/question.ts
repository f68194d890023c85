/** A question about an access right, as it is filled in, sent and answered. */
import { matchesAction } from "@tutti/policy/action-pattern";
import type { Actor, Decision, GovernanceRole, PolicyReference } from "@tutti/rest/types";
import { commandLine } from "../../elements/spelled.ts";
import type { Action } from "./vocabulary.ts";

export interface AccessCheck {
  /** `person:ada`. */
  readonly who: string;
  readonly action: string;
  /** Kind of the resource. Default: the first kind of the action. */
  readonly kind: string;
  readonly id: string;
}

export const emptyCheck: AccessCheck = { who: "", action: "", kind: "", id: "" };

const kinds = ["person", "service", "agent"] as const;

/** Returns an identity as the page writes it. Undefined if it names none. */
export function actorOf(who: string): Actor | undefined {
  const at = who.indexOf(":");
  const kind = kinds.find((each) => each === who.slice(0, at));
  const id = who.slice(at + 1).trim();
  return kind === undefined || id === "" ? undefined : { kind, id };
}

export function principalText(actor: Actor | undefined): string {
  return actor === undefined ? "no principal" : `${actor.kind}:${actor.id}`;
}

export type CheckProblems = Partial<Record<keyof AccessCheck, string>>;

export function checkProblems(check: AccessCheck, actions: readonly Action[]): CheckProblems {
  const problems: { -readonly [Name in keyof CheckProblems]: string } = {};
  if (actorOf(check.who) === undefined)
    problems.who = "Enter kind:id, such as person:ada, agent:press or service:mail.";
  if (!actions.some(({ name }) => name === check.action))
    problems.action =
      check.action === ""
        ? "Expected an action, such as workflow.runs.start."
        : `Action ${check.action} not found. Choose one from the list.`;
  return problems;
}

/** Returns the request. Undefined while the check is incomplete. */
export function questionOf(check: AccessCheck, actions: readonly Action[]) {
  const actor = actorOf(check.who);
  const action = actions.find(({ name }) => name === check.action);
  if (actor === undefined || action === undefined) return;
  const resourceKind = action.kinds.find((kind) => kind === check.kind) ?? action.kinds[0] ?? "";
  return {
    actor,
    action: action.name,
    resourceKind,
    ...(check.id.trim() === "" ? {} : { resourceId: check.id.trim() }),
  };
}

export function explainCommand({ who, action, kind, id }: AccessCheck): string {
  const about = kind === "" ? [] : ["--about", id === "" ? kind : `${kind}/${id}`];
  return commandLine("tutti", "policy", "explain", who, action, ...about);
}

const ofRole = "role:";

/** Describes the policy that decided: a role, or a policy with a page. */
export function nameOf({ namespace = "", policyId = "", statement = 0 }: PolicyReference) {
  if (policyId.startsWith(ofRole)) return { role: policyId.slice(ofRole.length), namespace };
  return { policyId, namespace, statement };
}

/** In one sentence: allowed or denied, and by what. */
export function sentenceOf({ allowed = false, policies }: Pick<Decision, "allowed" | "policies">): string {
  if (policies.length === 0) return allowed ? "Allowed." : "Denied. No role or policy permits it.";
  return allowed ? "Allowed by" : "Denied by";
}

/** Roles that would permit what nothing permits, those that permit least first. */
export function rolesFor(action: string, roles: readonly GovernanceRole[], actions: readonly Action[]) {
  const permits = (role: GovernanceRole, name: string) =>
    role.actions.some((pattern) => matchesAction(pattern, name));
  return roles
    .filter((role) => permits(role, action))
    .map((role) => ({ role, size: actions.filter(({ name }) => permits(role, name)).length }))
    .sort((one, other) => one.size - other.size)
    .map(({ role }) => role);
}
