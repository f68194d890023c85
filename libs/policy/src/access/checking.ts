import type { Policy } from "@tutti/contracts/governance/v1";
import { nearest } from "@tutti/kernel";
import { type Cedar, errorText } from "./cedar.ts";
import { schemaText } from "./schema.ts";
import { parseStatements, type Statement, type StatementProblem, unknownActions } from "./statements.ts";
import { groupsOf, type Vocabulary } from "./vocabulary.ts";

type PolicyText = Pick<Policy, "namespace" | "policyId" | "text">;

/** A problem with the id of its policy. */
interface PolicyProblem extends StatementProblem {
  readonly policyId: string;
}

/** A readable policy that names only implemented actions. */
interface ReadPolicy {
  readonly policy: PolicyText;
  readonly statements: readonly Statement[];
}

/**
 * Returns all problems of policies before they are in force, each with its place, in the order of the
 * policies. A policy with an action that no service implements is a problem too: it would permit nothing,
 * unnoticed.
 *
 * All policies are validated against the schema together: Cedar reads the schema for each validation, which
 * takes a quarter of a second.
 */
export function policyProblems(
  cedar: Cedar,
  vocabulary: Vocabulary,
  policies: readonly PolicyText[],
): readonly PolicyProblem[] {
  const found = policies.map((policy) => readOf(cedar, vocabulary, policy));
  const read = found.filter((policy) => "statements" in policy);
  const unsound = unsoundIn(cedar, vocabulary, read);
  return found.flatMap((policy) => ("statements" in policy ? (unsound.get(policy) ?? []) : policy.problems));
}

function readOf(
  cedar: Cedar,
  vocabulary: Vocabulary,
  policy: PolicyText,
): ReadPolicy | { readonly problems: readonly PolicyProblem[] } {
  const { policyId } = policy;
  const parsed = parseStatements(cedar, policy, false);
  if (parsed.kind === "refused")
    return { problems: parsed.problems.map((problem) => ({ ...problem, policyId })) };
  const { statements } = parsed;
  const names = new Set([...vocabulary.actions, ...vocabulary.actions.flatMap(groupsOf)]);
  const problems = statements.flatMap((statement) =>
    unknownActions(statement, vocabulary).map((action) => {
      const instead = nearest(action, [...names]);
      const advice = instead === undefined ? "" : `, did you mean "${instead}"?`;
      const message = `no service has the action "${action}"${advice}`;
      return { policyId, message, ...placeOf(policy, statement) };
    }),
  );
  return problems.length > 0 ? { problems } : { policy, statements };
}

/** Returns the validation errors of each. */
function unsoundIn(
  cedar: Cedar,
  vocabulary: Vocabulary,
  policies: readonly ReadPolicy[],
): ReadonlyMap<ReadPolicy, readonly PolicyProblem[]> {
  const [first] = policies;
  if (first === undefined) return new Map();
  const isAlone = policies.length === 1;
  const byThemselves = () =>
    new Map(policies.flatMap((policy) => [...unsoundIn(cedar, vocabulary, [policy])]));
  const owners = new Map(policies.flatMap((policy) => policy.statements.map(({ id }) => [id, policy])));
  const statements = policies.flatMap((policy) => policy.statements);
  // Two policies with one id would be validated as one.
  if (!isAlone && owners.size < statements.length) return byThemselves();
  const answer = cedar.validate({
    schema: schemaText(vocabulary),
    policies: { staticPolicies: Object.fromEntries(statements.map(({ id, text }) => [id, text])) },
  });
  const errors =
    answer.type === "failure"
      ? answer.errors.map((error) => ({ policyId: "", error }))
      : answer.validationErrors;
  // For an error of all of them together, separate validations find the cause.
  if (!isAlone && errors.some(({ policyId }) => !owners.has(policyId))) return byThemselves();
  const problems = new Map<ReadPolicy, PolicyProblem[]>(policies.map((policy) => [policy, []]));
  for (const { policyId: id, error } of errors) {
    const owner = owners.get(id) ?? first;
    const statement = owner.statements.find((candidate) => candidate.id === id);
    const place = statement === undefined ? { line: 1, column: 1 } : placeOf(owner.policy, statement);
    problems.get(owner)?.push({ policyId: owner.policy.policyId, message: errorText(error), ...place });
  }
  return problems;
}

/** Returns the place of a statement in its policy. */
function placeOf({ text }: Pick<Policy, "text">, statement: Statement): { line: number; column: number } {
  const before = text.slice(0, Math.max(text.indexOf(statement.text), 0));
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
