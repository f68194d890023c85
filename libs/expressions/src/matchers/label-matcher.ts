/** Conditions on labels in the syntax of Prometheus and Alertmanager: `severity=~"warning|error"`. */
import { matchesPattern } from "../functions/pattern.ts";

export interface LabelMatcher {
  readonly name: string;
  readonly value: string;
  /** Whether the value is a pattern in RE2's syntax. The whole label must match it. */
  readonly regex: boolean;
  /** Whether the condition is negated. */
  readonly negated: boolean;
}

/** A pattern that needs more steps for one label does not match. */
const stepsMax = 100_000;
const written = /^\s*([^\s"=!~{},]+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"]*?))\s*$/s;
const operators: ReadonlyMap<string, Pick<LabelMatcher, "regex" | "negated">> = new Map([
  ["=", { regex: false, negated: false }],
  ["!=", { regex: false, negated: true }],
  ["=~", { regex: true, negated: false }],
  ["!~", { regex: true, negated: true }],
]);

/** Parses a condition. Undefined if the text is not one. */
export function parseMatcher(text: string): LabelMatcher | undefined {
  const [, name, operator = "", quoted, plain = ""] = written.exec(text) ?? [];
  const kind = operators.get(operator);
  if (name === undefined || kind === undefined) return undefined;
  return { name, value: quoted === undefined ? plain : unescaped(quoted), ...kind };
}

export function printMatcher({ name, value, regex, negated }: LabelMatcher): string {
  const sign = (negated ? "!" : "=") + (regex ? "~" : negated ? "=" : "");
  return `${name}${sign}${JSON.stringify(value)}`;
}

/** Returns why a condition cannot be evaluated. Empty if it can. */
export function matcherProblem({ value, regex }: LabelMatcher): string {
  return regex ? matchesPattern("", anchored(value), stepsMax).problem : "";
}

/** Returns whether labels satisfy a condition. An absent label is empty. */
export function matchesLabels(
  { name, value, regex, negated }: LabelMatcher,
  labels: Readonly<Record<string, string>>,
): boolean {
  const found = Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
  if (!regex) return (found === value) !== negated;
  const { matches } = matchesPattern(found, anchored(value), stepsMax);
  return matches !== undefined && matches !== negated;
}

function anchored(pattern: string): string {
  return `^(?:${pattern})$`;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (whole, letter: string) =>
    letter === "n" ? "\n" : letter === '"' || letter === "\\" ? letter : whole,
  );
}
