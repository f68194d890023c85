/**
 * Compiles hooks: reads and checks their conditions and verdicts once. An evaluation takes a bounded number
 * of steps, so that no rule can delay a turn.
 */
import { type Hook, HookFailure, HookMoment } from "@tutti/contracts/swarm/v1";
import {
  type Compiled,
  compileCondition,
  compileTemplate,
  lineAndColumn,
  mapOf,
  objectOf,
  type Program,
  scopeOf,
  textOfJson,
  types,
  type Value,
} from "@tutti/expressions";
import type { Evaluated, HookFacts, PoolHook, Verdict } from "../api/hooks.ts";
import { noChange, retryOf, verdictProblem } from "./verdict.ts";

/** The problem of a hook, and its field. */
export interface HookProblem {
  /** The field, as the contract names it: `when`, `rule.verdict.priority`. */
  readonly field: string;
  readonly message: string;
}

export type CompiledHook =
  | { readonly hook: PoolHook; readonly problems?: undefined }
  | { readonly hook?: undefined; readonly problems: readonly HookProblem[] };

/** Steps of one evaluation: some tens of microseconds. */
const stepsMax = 2_000;
const timeoutDefaultMs = 1_000;

const texts = mapOf(types.string, types.string);
const scope = scopeOf({
  task: objectOf({
    namespace: types.string,
    kind: types.string,
    work: types.string,
    id: types.string,
    capability: types.string,
    version_range: types.string,
    definition: types.string,
    attempt: types.int,
    priority: types.int,
    waited_ms: types.double,
    labels: texts,
  }),
  agent: objectOf({ id: types.string, labels: texts }),
  result: objectOf({
    failed: types.bool,
    code: types.string,
    message: types.string,
    retry: types.string,
    run_ms: types.double,
  }),
});

const watching: ReadonlySet<HookMoment> = new Set<HookMoment>([
  HookMoment.HOOK_MOMENT_AFTER_ASSIGN,
  HookMoment.HOOK_MOMENT_AFTER_RESULT,
  HookMoment.HOOK_MOMENT_AFTER_FAILURE,
]);

export function compileHook(hook: Hook): CompiledHook {
  const problems: HookProblem[] = [];
  const applies = conditionOf(hook.when, problems);
  const decide = ruleOf(hook, problems);
  if (hook.moment === HookMoment.HOOK_MOMENT_UNSPECIFIED)
    problems.push({ field: "moment", message: "expected a moment, got none" });
  const call = callOf(hook);
  if (call?.isBlocking === true && watching.has(hook.moment))
    problems.push({
      field: `${hook.action?.$case}.blocking`,
      message: "expected a moment before the event if `blocking` is set, since later hooks can only watch",
    });
  if (problems.length > 0) return { problems };
  const { hookId, moment } = hook;
  return { hook: { hookId, moment, applies, decide, call, onFailure: failureOf(hook.onFailure) } };
}

function conditionOf(when: string, problems: HookProblem[]): PoolHook["applies"] {
  if (when.trim() === "") return () => ({ value: true });
  const program = compiled(
    "when",
    when,
    compileCondition(when, scope, { expectedType: types.bool }),
    problems,
  );
  return (facts) => evaluated(program, facts, (value) => value === true);
}

function ruleOf({ action, moment }: Hook, problems: HookProblem[]): PoolHook["decide"] {
  if (action?.$case !== "rule") {
    if (action === undefined)
      problems.push({ field: "action", message: "expected a rule, a listener or a webhook, got none" });
    return undefined;
  }
  const { verdict } = action.value;
  if (verdict === undefined) {
    problems.push({ field: "rule.verdict", message: "expected a verdict, got none" });
    return undefined;
  }
  if (watching.has(moment))
    problems.push({
      field: "moment",
      message:
        "expected a moment before the event for a rule, since later hooks can only watch. Use a listener",
    });
  const field = "rule.verdict.priority";
  const { priority: text } = verdict;
  const priority =
    text === ""
      ? undefined
      : compiled(field, text, compileCondition(text, scope, { expectedType: types.int }), problems);
  const labels = Object.entries(verdict.labels).map(([name, value]) => {
    const at = `rule.verdict.labels[${JSON.stringify(name)}]`;
    return [name, compiled(at, value, compileTemplate(value, scope), problems)] as const;
  });
  const { deny, delayMs, reason } = verdict;
  const fixed = { ...noChange, deny, delayMs, reason, retry: retryOf(verdict.retry) };
  return (facts) => decided(facts, fixed, priority, labels);
}

function decided(
  facts: HookFacts,
  fixed: Verdict,
  priorityProgram: Program | undefined,
  labelPrograms: readonly (readonly [name: string, value: Program | undefined])[],
): Evaluated<Verdict> {
  let priority: number | undefined;
  if (priorityProgram !== undefined) {
    const found = evaluated(priorityProgram, facts, Number);
    if ("problem" in found) return found;
    priority = found.value;
  }
  const labels: Record<string, string> = {};
  for (const [name, program] of labelPrograms) {
    const found = evaluated(program, facts, textOfJson);
    if ("problem" in found) return found;
    labels[name] = found.value;
  }
  const problem = verdictProblem(priority, labels);
  return problem === undefined ? { value: { ...fixed, priority, labels } } : { problem };
}

function compiled(
  field: string,
  text: string,
  outcome: Compiled,
  problems: HookProblem[],
): Program | undefined {
  if (outcome.ok) return outcome.program;
  for (const { at, message } of outcome.problems) {
    const { line, column } = lineAndColumn(text, at);
    problems.push({ field, message: `${message} (line ${line}, column ${column})` });
  }
  return undefined;
}

function evaluated<T>(
  program: Program | undefined,
  facts: HookFacts,
  of: (value: unknown) => T,
): Evaluated<T> {
  if (program === undefined) return { problem: "it does not compile" };
  const { references } = program;
  const read = (place: number): Value | undefined => valueAt(facts, references[place] ?? "");
  const outcome = program.evaluate(read, { stepsMax });
  return outcome.ok ? { value: of(outcome.value) } : { problem: outcome.problem.message };
}

/** Returns a variable: `task`, or a part of it if the expression reads only that part. */
function valueAt(facts: HookFacts, name: string): Value | undefined {
  let value: unknown = facts;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value as Value | undefined;
}

function callOf({ action }: Hook): PoolHook["call"] {
  if (action?.$case !== "listener" && action?.$case !== "webhook") return undefined;
  const { blocking, timeoutMs } = action.value;
  return { isBlocking: blocking, timeoutMs: timeoutMs || timeoutDefaultMs };
}

function failureOf(failure: HookFailure): PoolHook["onFailure"] {
  if (failure === HookFailure.HOOK_FAILURE_DENY) return "deny";
  return failure === HookFailure.HOOK_FAILURE_HOLD ? "hold" : "pass";
}
