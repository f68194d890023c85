/**
 * A compiled rule: the label sets for which its condition is true.
 *
 * 1. Queries whose series have labels are joined by equal labels. A series without labels counts for every label set.
 * 2. A query without a value is null. Comparing it is no error: the condition is false. `query == null` tests for it.
 * 3. A rule with an objective has a burn rate for each window in addition.
 * 4. Any other error in an evaluation, such as a whole number divided by 0, is a problem of the rule.
 */
import type { AlertRule, ObservedAlert, Series } from "@tutti/contracts/insight/v1";
import {
  type Compiled,
  compileCondition,
  compileTemplate,
  hasTemplate,
  type Json,
  nullable,
  type Problem,
  type Program,
  scopeOf,
  textOfJson,
  types,
} from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { burnCondition, burnNames, burnRates, queryProblems } from "./objective.ts";
import { windowMsOf } from "./times.ts";
import { valueOver } from "./window.ts";

/** A problem of a rule, with its field: `condition`. */
export interface RuleProblem {
  readonly field: string;
  readonly message: string;
  readonly expected: string;
  /** Offset in the text of the field. */
  readonly at: number;
}

export type CompiledRule =
  | { readonly ok: true; readonly program: RuleProgram }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

export interface RuleFindings {
  readonly found: ObservedAlert[];
  /** Reason why the condition could not be evaluated. Empty if it could. */
  readonly problem: string;
}

interface Programs {
  readonly condition: Program;
  readonly title: Program | undefined;
  readonly advice: Program | undefined;
}

type Labels = Readonly<Record<string, string>>;
type Values = ReadonlyMap<string, number>;

const queryName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const labelsName = "labels";

export function compileRule(rule: ReadOnly<AlertRule>): CompiledRule {
  const problems: RuleProblem[] = [];
  const names = new Set<string>();
  for (const [at, { queryId }] of rule.queries.entries()) {
    const field = `queries[${at}].queryId`;
    if (!queryName.test(queryId) || queryId === labelsName)
      problems.push({ ...named(field), expected: "a name of letters, digits and `_`, not `labels`" });
    else if (names.has(queryId))
      problems.push({
        ...named(field),
        message: `query \`${queryId}\` is there twice`,
        expected: "ids that differ",
      });
    names.add(queryId);
  }
  const { objective } = rule;
  if (rule.external) problems.push(...externalProblems(rule));
  else if (rule.queries.length === 0)
    problems.push({
      ...named("queries"),
      message: "a rule needs a query",
      expected: "a query with `queryId` and `metric`",
    });
  else if (objective !== undefined)
    problems.push(...queryProblems(rule).map((found) => ({ ...found, expected: "", at: 0 })));
  else if (rule.condition === "")
    problems.push({
      ...named("condition"),
      message: "a rule needs a condition or an objective",
      expected: "an expression such as `memory > 4e9`",
    });
  const scope = scopeOf({
    ...Object.fromEntries([...names].map((name) => [name, nullable(types.double)])),
    ...Object.fromEntries((objective ? burnNames : []).map((name) => [name, types.double])),
    [labelsName]: types.dyn,
  });
  const compiled = (field: "condition" | "title" | "advice", result: Compiled): Program | undefined => {
    if (result.ok) return result.program;
    problems.push(...result.problems.map((problem) => problemIn(field, problem)));
    return undefined;
  };
  const templateOf = (field: "title" | "advice") =>
    hasTemplate(rule[field]) ? compiled(field, compileTemplate(rule[field], scope)) : undefined;
  const burning =
    objective !== undefined && rule.condition === "" ? burnCondition(objective) : rule.condition;
  // Other systems report its alerts.
  const text = rule.external ? "false" : burning;
  const condition =
    text === ""
      ? undefined
      : compiled("condition", compileCondition(text, scope, { expectedType: types.bool }));
  const programs = { title: templateOf("title"), advice: templateOf("advice") };
  if (condition === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, program: new RuleProgram(rule, { condition, ...programs }) };
}

function externalProblems({ queries, condition, objective }: ReadOnly<AlertRule>): RuleProblem[] {
  const setFields = {
    queries: queries.length > 0,
    condition: condition !== "",
    objective: objective !== undefined,
  };
  return Object.entries(setFields)
    .filter(([, isSet]) => isSet)
    .map(([field]) => ({
      ...named(field),
      message: "other systems report the alerts of an external rule",
      expected: "nothing",
    }));
}

export class RuleProgram {
  readonly rule: ReadOnly<AlertRule>;
  readonly #programs: Programs;

  constructor(rule: ReadOnly<AlertRule>, programs: Programs) {
    this.rule = rule;
    this.#programs = programs;
  }

  /** Evaluates the series of its queries at a moment. */
  evaluate(series: readonly Series[], nowMs: number): RuleFindings {
    const found: ObservedAlert[] = [];
    let problem = "";
    for (const { labels, values } of this.#labelSets(series, nowMs)) {
      const outcome = this.#programs.condition.evaluate(readerOf(this.#programs.condition, labels, values));
      if (outcome.ok) {
        if (outcome.value !== true) continue;
        const displayed = new Map([...values].map(([name, value]) => [name, forPeople(value)]));
        const exact = [...values].map(([name, value]) => [name, withoutNoise(value)]);
        const texts = this.texts(labels, displayed);
        found.push({ labels: { ...labels }, values: Object.fromEntries(exact), ...texts });
      } else if (this.#programs.condition.references.every((name) => name === labelsName || values.has(name)))
        problem ||= `${outcome.problem.message} (line ${outcome.problem.line}, column ${outcome.problem.column})`;
    }
    return { found, problem };
  }

  /** Returns the texts of an alert. Empty if the rule has no template, or its template fails for these values. */
  texts(labels: Labels, displayed: Values = new Map()): Pick<ObservedAlert, "title" | "advice"> {
    const text = (field: "title" | "advice") =>
      textOf(this.#programs[field], { ...unknownLabels(this.rule[field]), ...labels }, displayed);
    return { title: text("title"), advice: text("advice") };
  }

  #labelSets(
    all: readonly Series[],
    nowMs: number,
  ): readonly { readonly labels: Labels; readonly values: Values }[] {
    const { queries, objective } = this.rule;
    const span = { fromMs: nowMs - windowMsOf(this.rule), toMs: nowMs };
    return labelSetsOf(all).map(({ labels, series }) => {
      const values = new Map<string, number>();
      for (const candidate of series) {
        const query = queries.find(({ queryId }) => queryId === candidate.queryId);
        const value = query && valueOver(candidate, query.overTime, span);
        // Finer series of a query come first.
        if (query !== undefined && value !== undefined && !values.has(query.queryId))
          values.set(query.queryId, value);
      }
      if (objective !== undefined)
        for (const [name, rate] of burnRates(this.rule, objective.goal, series, nowMs))
          values.set(name, rate);
      return { labels, values };
    });
  }
}

/** Returns series with equal labels, each with the series without labels. */
export function labelSetsOf(
  all: readonly Series[],
): readonly { readonly labels: Labels; readonly series: Series[] }[] {
  const common: Series[] = [];
  const sets = new Map<string, { readonly labels: Labels; readonly series: Series[] }>();
  for (const series of all) {
    const labels = Object.entries(series.labels).sort(([one], [other]) => (one < other ? -1 : 1));
    if (labels.length === 0) {
      common.push(series);
      continue;
    }
    const place = JSON.stringify(labels);
    const set = sets.get(place) ?? { labels: series.labels, series: [] };
    set.series.push(series);
    sets.set(place, set);
  }
  if (sets.size === 0) return [{ labels: {}, series: common }];
  return [...sets.values()].map(({ labels, series }) => ({ labels, series: [...series, ...common] }));
}

function readerOf(program: Program, labels: Labels, values: Values): (place: number) => Json {
  return (place) => {
    const name = program.references[place] ?? "";
    return name === labelsName ? labels : (values.get(name) ?? null);
  };
}

/**
 * Formats a number for a text: whole from 100 on, otherwise three digits. An increase is a sum of rates that the store
 * rounds. So a value within half a percent of a whole number is rounded to it: 53.928 failed runs are 54.
 */
export function forPeople(value: number): number {
  const whole = Math.round(value);
  if (Math.abs(value) >= 100 || Math.abs(value - whole) <= Math.abs(value) / 200) return whole;
  return Number(value.toPrecision(3));
}

/** Removes the digits that sums of rounded rates add: 118.8816, not 118.88159999999999. */
function withoutNoise(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(7));
}

/**
 * Returns the text. Empty if the rule has no template, or the template fails for these values: then the rule's own
 * text is shown.
 */
function textOf(program: Program | undefined, labels: Labels, values: Values): string {
  if (program === undefined) return "";
  const outcome = program.evaluate(readerOf(program, labels, values));
  if (!outcome.ok) return "";
  return textOfJson(outcome.value);
}

/**
 * Returns placeholders: a text may name a label that this alert does not have, and the rest of the text is
 * still useful.
 */
function unknownLabels(text: string): Labels {
  return Object.fromEntries(
    [...text.matchAll(/\blabels\.([A-Za-z_]\w*)/g)].map(([, name = ""]) => [name, "?"]),
  );
}

function named(field: string): RuleProblem {
  return { field, message: "the id of a query is its name in the condition", expected: "", at: 0 };
}

function problemIn(field: string, { message, expected = "", at }: Problem): RuleProblem {
  return { field, message, expected, at };
}
