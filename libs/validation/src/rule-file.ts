/** A file of admission rules: `rules: [...]`, each in the form of REST. */
import { AdmissionRule } from "@tutti/contracts/governance/v1";
import { type DefinitionProblem, type DefinitionText, type Findings, readText } from "@tutti/definitions";
import { isTuttiError } from "@tutti/kernel";
import { caseOutcomes, compileRule, unevaluatedReason } from "@tutti/policy/admission";
import { Mapping, schema } from "@tutti/rest/json";

type Path = readonly (string | number)[];

export function checkRules(file: DefinitionText): readonly DefinitionProblem[] {
  return readText(file, (value, findings) => {
    const { rules } = value as { readonly rules?: unknown };
    if (!Array.isArray(rules)) {
      findings.error("wrong_type", ["rules"], "expected a list of rules, got something else");
      return;
    }
    const mapping = new Mapping(schema);
    const ids = new Map<string, number>();
    for (const [index, rule] of rules.entries()) checkRule(mapping, rule, ["rules", index], findings, ids);
  }).problems;
}

function checkRule(
  mapping: Mapping,
  json: unknown,
  path: Path,
  findings: Findings,
  ids: Map<string, number>,
): void {
  const rule = ruleIn(mapping, json, path, findings);
  if (rule === undefined) return;
  if (rule.ruleId === "") findings.error("missing_value", path, "expected a ruleId, got none");
  const before = ids.get(rule.ruleId);
  if (before !== undefined)
    findings.error(
      "repeated_name",
      [...path, "ruleId"],
      `expected another name than that of rules[${before}]`,
    );
  ids.set(rule.ruleId, Number(path.at(-1)));
  const reason = unevaluatedReason(rule);
  if (reason !== undefined) findings.error("rule_not_asked", path, `expected ${reason}`);
  const compiled = compileRule(rule);
  if (!compiled.ok) {
    for (const { field, code, column, line, message } of compiled.problems)
      findings.error(code, [...path, ...stepsOf(field)], message, line === 1 ? { at: column - 1 } : {});
    return;
  }
  for (const [index, { passed, title, message }] of caseOutcomes(rule).entries())
    if (!passed)
      findings.error(
        "case_failed",
        [...path, "cases", index],
        `the case "${title}" does not come out: ${message}; correct the rule or the case`,
      );
}

function ruleIn(mapping: Mapping, json: unknown, path: Path, findings: Findings): AdmissionRule | undefined {
  try {
    const read = mapping.read("tutti.governance.v1.AdmissionRule", json);
    return AdmissionRule.fromPartial(read as Parameters<typeof AdmissionRule.fromPartial>[0]);
  } catch (error) {
    if (!isTuttiError(error)) throw error;
    for (const { field, message } of error.violations)
      findings.error("wrong_value", [...path, ...stepsOf(field)], message);
    return;
  }
}

/** Splits a path such as `change.set["input.region"]` or `cases[0].title`. */
function stepsOf(field: string): (string | number)[] {
  return [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => (index === undefined ? (quoted ?? name ?? "") : Number(index)),
  );
}
