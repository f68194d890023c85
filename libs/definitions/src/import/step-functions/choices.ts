/** Rules of `Choice` in JSONPath. */
import { isThere, UnsupportedConstruct } from "../cel.ts";
import { entryOf, isMembers, type Members, type Path, textIn } from "../foreign-document.ts";
import type { StateData } from "./data.ts";

const comparisons: Readonly<Record<string, string>> = {
  Equals: "==",
  LessThan: "<",
  GreaterThan: ">",
  LessThanEquals: "<=",
  GreaterThanEquals: ">=",
};
const kinds: Readonly<Record<string, (value: string) => string>> = {
  String: (value) => `type(${value}) == string`,
  Numeric: (value) => `type(${value}) in [int, uint, double]`,
  Boolean: (value) => `type(${value}) == bool`,
  Timestamp: (value) => `type(${value}) == string`,
};

/** Translates the condition of a rule. A value of another type gives false, as in Step Functions. */
export function conditionOf(rule: Members, path: Path, data: StateData): string {
  for (const [key, joiner] of [
    ["And", " && "],
    ["Or", " || "],
  ] as const) {
    const rules = rule[key];
    if (!Array.isArray(rules)) continue;
    const all = rules.map((each, index) =>
      conditionOf(isMembers(each) ? each : {}, [...path, key, index], data),
    );
    return `(${all.join(joiner)})`;
  }
  if (isMembers(rule["Not"])) return `!(${conditionOf(rule["Not"], [...path, "Not"], data)})`;
  const operator =
    Object.keys(rule).find((key) => !["Variable", "Next", "Comment", "Assign"].includes(key)) ?? "";
  const at = [...path, operator];
  const value = data.expression(textIn(rule, "Variable"), [...path, "Variable"]);
  return compared(value, operator, rule[operator], at, data);
}

function compared(value: string, operator: string, operand: unknown, path: Path, data: StateData): string {
  const test = (condition: string) => (operand === true ? `(${condition})` : `!(${condition})`);
  const unknown = () => new UnsupportedConstruct(`the comparison \`${operator}\` has no counterpart`, path);
  if (operator === "IsPresent") {
    const condition = isThere(value);
    if (condition === undefined) throw unknown();
    return test(condition);
  }
  if (operator === "IsNull") return test(`${value} == null`);
  const [, tested = ""] = /^Is(\w+)$/.exec(operator) ?? [];
  const isKind = entryOf(kinds, tested);
  if (isKind !== undefined && tested !== "Timestamp") return test(isKind(value));
  if (operator === "StringMatches" && typeof operand === "string") {
    const pattern = operand.replace(/\\?([\s\S])/g, (all, sign: string) =>
      all === "*" ? "[\\s\\S]*" : sign.replace(/[.*+?^${}()|[\]\\]/, "\\$&"),
    );
    return `(type(${value}) == string && string(${value}).matches(${JSON.stringify(`^${pattern}$`)}))`;
  }
  const [, kind = "", comparison = "", isPath] =
    /^(String|Numeric|Boolean|Timestamp)(Equals|LessThanEquals|GreaterThanEquals|LessThan|GreaterThan)(Path)?$/.exec(
      operator,
    ) ?? [];
  const [sign, isOf] = [comparisons[comparison], kinds[kind]];
  if (sign === undefined || isOf === undefined) throw unknown();
  const other = isPath === undefined ? JSON.stringify(operand) : data.expression(operand, path);
  if (kind === "Timestamp") return `(${isOf(value)} && timestamp(${value}) ${sign} timestamp(${other}))`;
  return sign === "==" ? `${value} == ${other}` : `(${isOf(value)} && ${value} ${sign} ${other})`;
}
