import type { Policy } from "@tutti/contracts/governance/v1";
import { nearest } from "@tutti/kernel";
import { type Cedar, errorText } from "./cedar.ts";
import { schemaText } from "./schema.ts";
import { parseStatements, type Statement, type StatementProblem, unknownActions } from "./statements.ts";
import { groupsOf, type Vocabulary } from "./vocabulary.ts";

/**
 * What is wrong with a policy before anybody is judged by it: all of it at once, each with its place. A policy that names an
 * action nobody serves is wrong too: it would permit nothing, and nobody would know.
 */
export function policyProblems(
  cedar: Cedar,
  vocabulary: Vocabulary,
  policy: Pick<Policy, "namespace" | "policyId" | "text">,
): readonly StatementProblem[] {
  const parsed = parseStatements(cedar, policy, false);
  if (parsed.kind === "refused") return parsed.problems;
  const { statements } = parsed;
  const names = new Set([...vocabulary.actions, ...vocabulary.actions.flatMap(groupsOf)]);
  const unknown = statements.flatMap((statement) =>
    unknownActions(statement, vocabulary).map((action) => {
      const instead = nearest(action, [...names]);
      const advice = instead === undefined ? "" : `, did you mean "${instead}"?`;
      return { message: `nobody serves the action "${action}"${advice}`, ...placeOf(policy, statement) };
    }),
  );
  if (unknown.length > 0) return unknown;
  const byId = new Map(statements.map((statement) => [statement.id, statement]));
  const answer = cedar.validate({
    schema: schemaText(vocabulary),
    policies: { staticPolicies: Object.fromEntries(statements.map(({ id, text }) => [id, text])) },
  });
  if (answer.type === "failure") {
    return answer.errors.map((error) => ({ message: errorText(error), line: 1, column: 1 }));
  }
  return answer.validationErrors.map(({ policyId, error }) => {
    const statement = byId.get(policyId);
    const place = statement === undefined ? { line: 1, column: 1 } : placeOf(policy, statement);
    return { message: errorText(error), ...place };
  });
}

/** Where a statement begins in its policy. */
function placeOf({ text }: Pick<Policy, "text">, statement: Statement): { line: number; column: number } {
  const before = text.slice(0, Math.max(text.indexOf(statement.text), 0));
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
