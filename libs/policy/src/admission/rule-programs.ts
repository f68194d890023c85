/** Compiles admission rules: their expressions are read and checked once. */
import type { AdmissionRule } from "@tutti/contracts/governance/v1";
import {
  type Compiled,
  compileCondition,
  compileTemplate,
  type Json,
  lineAndColumn,
  listOf,
  mapOf,
  objectOf,
  Program,
  scopeOf,
  types,
} from "@tutti/expressions";
import { type FieldPath, readPath } from "./field-path.ts";

/** The problem of a rule, with its place. */
export interface RuleProblem {
  /** The field, by its name in the contract: `when`, `change.set["input.region"]`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  /** Position in the text of the field, from 1. */
  readonly line: number;
  readonly column: number;
}

export type RuleVerdict =
  | { readonly kind: "deny" | "note"; readonly message: Program }
  | {
      readonly kind: "approval";
      readonly message: Program;
      readonly deciders: readonly string[];
      readonly approvalsNeeded: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: "change"; readonly set: readonly (readonly [path: FieldPath, value: Program])[] };

export interface RuleProgram {
  readonly rule: AdmissionRule;
  readonly when: Program;
  readonly condition: Program;
  readonly verdict: RuleVerdict;
}

export type CompiledRule =
  | { readonly ok: true; readonly program: RuleProgram }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

const scope = scopeOf({
  subject: types.dyn,
  actor: objectOf({ kind: types.string, id: types.string, groups: listOf(types.string) }),
  // "namespace" alone is a reserved word of CEL.
  call: objectOf({
    namespace: types.string,
    action: types.string,
    labels: mapOf(types.string, types.string),
  }),
});

const always = Program.constant(true);
const never = Program.constant(false);

export function compileRule(rule: AdmissionRule): CompiledRule {
  const problems: RuleProblem[] = [];
  const when = conditionOf("when", rule.when, always, problems);
  const condition = conditionOf("condition", rule.condition, never, problems);
  const verdict = verdictOf(rule, problems);
  if (verdict === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, program: { rule, when, condition, verdict } };
}

function conditionOf(field: string, text: string, otherwise: Program, problems: RuleProblem[]): Program {
  if (text.trim() === "") return otherwise;
  return programOf(field, text, compileCondition(text, scope, { expectedType: types.bool }), problems);
}

function verdictOf({ verdict }: AdmissionRule, problems: RuleProblem[]): RuleVerdict | undefined {
  const message = (kind: string, text: string): Program =>
    programOf(`${kind}.message`, text, compileTemplate(text, scope), problems);
  switch (verdict?.$case) {
    case "deny":
    case "note":
      return { kind: verdict.$case, message: message(verdict.$case, verdict.value.message) };
    case "approval": {
      const { deciders, approvalsNeeded, timeoutMs } = verdict.value;
      const conditions = { deciders, approvalsNeeded: Math.max(1, approvalsNeeded), timeoutMs };
      return { kind: "approval", message: message("approval", verdict.value.message), ...conditions };
    }
    case "change":
      return { kind: "change", set: changesOf(verdict.value.set, problems) };
    case undefined:
      problems.push({
        field: "verdict",
        code: "missing_value",
        message: "expected a verdict, got none",
        line: 1,
        column: 1,
      });
      return;
  }
}

function changesOf(
  set: Readonly<Record<string, string | undefined>>,
  problems: RuleProblem[],
): (readonly [path: FieldPath, value: Program])[] {
  // In a fixed order, so that two overlapping changes have the same result everywhere.
  const sorted = Object.entries(set).sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([path, text = ""]) => {
    const field = `change.set[${JSON.stringify(path)}]`;
    const read = readPath(path);
    if (read.kind === "refused")
      problems.push({ field, code: "invalid_path", message: read.message, line: 1, column: read.at + 1 });
    const value = programOf(field, text, compileCondition(text, scope), problems);
    return [read.kind === "read" ? read.path : [], value] as const;
  });
}

function programOf(field: string, text: string, compiled: Compiled, problems: RuleProblem[]): Program {
  if (compiled.ok) return compiled.program;
  for (const { at, code, message } of compiled.problems)
    problems.push({ field, code, message, ...lineAndColumn(text, at) });
  return Program.constant(null as Json);
}
