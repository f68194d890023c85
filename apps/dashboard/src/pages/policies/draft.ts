/** The draft of a policy, and its request. */
import type { AccessQuestion, Decision, Flip, Policy, PolicyCase } from "@tutti/rest/types";
import { actorOf, principalText } from "../access/question.ts";
import type { Action } from "../access/vocabulary.ts";
import { enforcements, type Named, oneOf } from "../drafting/named.ts";

export interface CaseDraft {
  readonly title: string;
  readonly who: string;
  readonly action: string;
  readonly id: string;
  readonly allowed: boolean;
  /** Fields without an input on the page. They are kept unchanged. */
  readonly rest: Partial<AccessQuestion>;
}

export interface PolicyDraft extends Named {
  readonly text: string;
  readonly cases: readonly CaseDraft[];
  readonly labels: Readonly<Record<string, string>>;
}

const firstText = `@reason("shown with the denial")
forbid(principal, action == Action::"workflow.runs.start", resource)
unless { principal in Role::"admin" };
`;

export const emptyPolicy: PolicyDraft = {
  id: "",
  description: "",
  text: firstText,
  enforcement: "enforced",
  cases: [],
  labels: {},
};

export const emptyCase: CaseDraft = { title: "", who: "", action: "", id: "", allowed: false, rest: {} };

export function draftOfPolicy(policy: Policy): PolicyDraft {
  const { policyId: id, description = "", text = "", enforcement, cases, labels } = policy;
  return {
    id,
    description,
    text,
    labels,
    enforcement: oneOf(enforcements, enforcement, "enforced"),
    cases: cases.map(draftOfCase),
  };
}

function draftOfCase({ title = "", question, allowed = false }: PolicyCase): CaseDraft {
  const { actor, action = "", resourceId: id = "", ...rest } = question ?? {};
  return { title, who: actor === undefined ? "" : principalText(actor), action, id, allowed, rest };
}

export type PolicyProblems = { readonly id?: string; readonly cases: readonly (string | undefined)[] };

export function policyProblems(draft: PolicyDraft, actions: readonly Action[]): PolicyProblems {
  const cases = draft.cases.map((each) => caseProblem(each, actions));
  const isId = /^[A-Za-z0-9][\w.:@-]{0,199}$/.test(draft.id);
  return { ...(isId ? {} : { id: "Expected letters, digits, - or _. Example: night-shift" }), cases };
}

function caseProblem({ title, who, action }: CaseDraft, actions: readonly Action[]): string | undefined {
  if (title.trim() === "") return "Enter a title.";
  if (actorOf(who) === undefined) return "Expected a principal, such as person:ada.";
  return actions.some(({ name }) => name === action) ? undefined : "Expected an action from the list.";
}

export function isComplete({ id, cases }: PolicyProblems): boolean {
  return id === undefined && cases.every((problem) => problem === undefined);
}

/** Returns the change that makes a draft a policy. */
export function changeOf(draft: PolicyDraft, actions: readonly Action[]) {
  const { id, description, text, enforcement, cases, labels } = draft;
  const set = {
    policyId: id,
    text,
    enforcement,
    ...(description === "" ? {} : { description }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(cases.length === 0 ? {} : { cases: cases.map((each) => caseOf(each, actions)) }),
  };
  return { set: [set] };
}

/** A case without an identity is not sent: it is a problem before. */
const noActor = { kind: "unspecified", id: "" } as const;

function caseOf({ title, who, action, id, allowed, rest }: CaseDraft, actions: readonly Action[]) {
  const kind = actions.find(({ name }) => name === action)?.kinds[0] ?? "";
  const resourceKind = rest.resourceKind || kind;
  const question = {
    ...rest,
    actor: actorOf(who) ?? noActor,
    action,
    resourceKind,
    ...(id === "" ? {} : { resourceId: id }),
  };
  return { title, question, allowed };
}

export function applyCommand({ id, enforcement }: PolicyDraft, reason: string): string {
  const shadow = enforcement === "shadow" ? " --shadow" : "";
  const reasonArgs = reason === "" ? "" : ` --reason '${reason.replaceAll("'", `'\\''`)}'`;
  return `tutti policy apply ${id === "" ? "FILE" : `${id}.cedar`}${shadow}${reasonArgs}`;
}

/** Returns the number of changed decisions, and their direction. */
export function turnsOf(flips: readonly Flip[]) {
  const many = (allowed: boolean) =>
    flips
      .filter((flip) => (flip.allowed ?? false) === allowed)
      .reduce((sum, { before }) => sum + timesOf(before), 0);
  return { denied: many(false), allowed: many(true) };
}

export function timesOf(decision: Decision | undefined): number {
  return Math.max(1, decision?.count ?? 1);
}
