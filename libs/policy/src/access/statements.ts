import type { Policy, PolicyReference } from "@tutti/contracts/governance/v1";
import { type Cedar, type CedarPolicyJson, errorText } from "./cedar.ts";
import { groupsOf, type Vocabulary } from "./vocabulary.ts";

/** One statement of a policy, with the facts by which it is skipped if it cannot apply. */
export interface Statement {
  /** Unique in the bundle: `default/deny-night#2`. */
  readonly id: string;
  readonly text: string;
  readonly reference: PolicyReference;
  readonly isShadow: boolean;
  /** Its actions, or groups of them. Undefined for all actions. */
  readonly actions: ReadonlySet<string> | undefined;
  /** Whether it can distinguish two resources that differ only in their ids. */
  readonly dependsOnId: boolean;
  readonly dependsOnContext: boolean;
}

export interface StatementProblem {
  readonly message: string;
  /** From 1, in the text of the policy. */
  readonly line: number;
  readonly column: number;
}

export type Parsed =
  | { readonly kind: "parsed"; readonly statements: readonly Statement[] }
  | { readonly kind: "refused"; readonly problems: readonly StatementProblem[] };

/** Splits a policy into statements. Templates are refused: rights are given by role bindings. */
export function parseStatements(
  cedar: Cedar,
  { namespace, policyId, text }: Pick<Policy, "namespace" | "policyId" | "text">,
  isShadow: boolean,
): Parsed {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure") {
    return {
      kind: "refused",
      problems: parts.errors.map((error) => {
        return { message: errorText(error), ...placeIn(text, error.sourceLocations?.[0]?.start ?? 0) };
      }),
    };
  }
  const [template] = parts.policy_templates;
  if (template !== undefined) {
    const place = placeIn(text, Math.max(text.indexOf(template), 0));
    const message = "expected a policy, got a template: set the principal, or bind a role";
    return { kind: "refused", problems: [{ message, ...place }] };
  }
  const statements: Statement[] = [];
  const problems: StatementProblem[] = [];
  const ordered = inOrder(parts.policies, text);
  for (const [index, statement] of ordered.entries()) {
    const read = cedar.policyToJson(statement);
    if (read.type === "failure") {
      const place = placeIn(text, Math.max(text.indexOf(statement), 0));
      problems.push(...read.errors.map((error) => ({ message: errorText(error), ...place })));
      continue;
    }
    const { json } = read;
    statements.push({
      id: `${namespace}/${policyId}#${index + 1}`,
      text: statement,
      reference: { namespace, policyId, statement: index + 1, reason: json.annotations?.["reason"] ?? "" },
      isShadow,
      actions: actionsOf(json),
      dependsOnId: dependsOnId(json),
      dependsOnContext: mentions(json.conditions, "context"),
    });
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "parsed", statements };
}

/** Returns the statements of a policy, in their order. Empty for an unreadable policy. */
export function statementTexts(cedar: Cedar, text: string): readonly string[] {
  const parts = cedar.policySetTextToParts(text);
  return parts.type === "failure" ? [] : inOrder(parts.policies, text);
}

/** Sorts statements: Cedar returns them in another order if there are more than a few. */
function inOrder(statements: readonly string[], text: string): readonly string[] {
  return [...statements].sort((one, other) => text.indexOf(one) - text.indexOf(other));
}

/** Returns whether a statement can apply to an action. */
export function isAbout({ actions }: Statement, action: string): boolean {
  return actions === undefined || actions.has(action) || groupsOf(action).some((group) => actions.has(group));
}

/** Returns the actions and groups of a statement that no service has. */
export function unknownActions({ actions }: Statement, vocabulary: Vocabulary): readonly string[] {
  const groups = new Set(vocabulary.actions.flatMap(groupsOf));
  return [...(actions ?? [])].filter((name) => !vocabulary.has(name) && !groups.has(name));
}

function actionsOf({ action }: CedarPolicyJson): ReadonlySet<string> | undefined {
  if (action.op === "All") return;
  const named = "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
  return new Set(named.map((entity) => ("__entity" in entity ? entity.__entity.id : entity.id)));
}

/** Returns whether the id matters. Kind, namespace and labels of a resource are not its id. */
function dependsOnId({ resource, conditions }: CedarPolicyJson): boolean {
  if (resource.op === "==") return true;
  if (resource.op === "in" && "entity" in resource && typeOf(resource.entity) !== "Namespace") return true;
  return mentions(conditions, "resource", true);
}

function typeOf(entity: { type: string } | { __entity: { type: string } }): string {
  return "__entity" in entity ? entity.__entity.type : entity.type;
}

/** Returns whether an expression contains a variable. `isBare`: not only for its labels or kind. */
function mentions(part: unknown, variable: string, isBare = false): boolean {
  if (Array.isArray(part)) return part.some((item) => mentions(item, variable, isBare));
  if (typeof part !== "object" || part === null) return false;
  return Object.entries(part).some(([name, value]) => {
    if (name === "Var") return value === variable;
    if (!isBare || !accessOperators.has(name)) return mentions(value, variable, isBare);
    const { left, right } = value as { left?: unknown; right?: unknown };
    return (!isVariable(left, variable) && mentions(left, variable, true)) || mentions(right, variable, true);
  });
}

const accessOperators = new Set(["hasTag", "getTag", "has", ".", "is"]);

function isVariable(part: unknown, variable: string): boolean {
  return typeof part === "object" && part !== null && "Var" in part && part.Var === variable;
}

function placeIn(text: string, offset: number): { line: number; column: number } {
  // Offsets are in bytes.
  const before = Buffer.from(text).subarray(0, offset).toString();
  const line = before.split("\n").length;
  return { line, column: before.length - before.lastIndexOf("\n") };
}
