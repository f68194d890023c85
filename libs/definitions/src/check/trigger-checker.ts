import type { Trigger } from "@tutti/contracts/workflow/v1";
import {
  compileCondition,
  compileData,
  compileTemplate,
  type Problem,
  scopeOf,
  types,
} from "@tutti/expressions";
import { triggerOf, triggersOn } from "../contracts/trigger-message.ts";
import type { WorkflowDocument } from "../language/document.ts";
import type { OnDocument } from "../language/on-document.ts";
import { type TriggerDocument, trigger } from "../language/trigger-shape.ts";
import type { DefinitionProblem, Findings } from "../problem.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkFileText, hasKey } from "./file-checker.ts";

export interface CheckedTrigger {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** The trigger as a message of the contracts. Undefined if there is an error among the problems. */
  readonly trigger: Trigger | undefined;
  /** Whether the text sets if the trigger is paused. */
  readonly setsPaused: boolean;
}

/** Returns whether a text is a trigger, and not the workflow that the trigger runs. */
export function isTriggerText(source: DefinitionText): boolean {
  return hasKey(source, "trigger");
}

/** Checks the text of a trigger and reports all problems together. Never throws because of the text. */
export function checkTriggerText(source: DefinitionText): CheckedTrigger {
  const { problems, document, hasErrors } = checkFileText<TriggerDocument>(source, {
    shape: trigger,
    name: "trigger",
    more: (found, findings) => checkOn(found, findings, []),
  });
  return {
    problems,
    trigger: document === undefined || hasErrors ? undefined : triggerOf(document),
    setsPaused: document?.paused !== undefined,
  };
}

type Path = readonly (string | number)[];

const scope = scopeOf({ event: types.dyn });

/** Checks the key `on` of a definition. */
export function checkOnKey(
  { on, parameters }: Pick<WorkflowDocument, "on" | "parameters">,
  findings: Findings,
): void {
  const isList = Array.isArray(on);
  for (const [place, trigger] of triggersOn(on).entries())
    checkOn(trigger, findings, isList ? ["on", place] : ["on"]);
  if (on !== undefined && parameters !== undefined)
    findings.error("wrong_form", ["on"], "expected no `on` in a template, got one", {
      expected: "a trigger file, which sets the parameters",
    });
}

/** Checks rules that the shape of a trigger cannot express. */
function checkOn(document: OnDocument, findings: Findings, path: Path): void {
  const { event, afterRun, webhook, debounce, batch, signal, run } = document;
  const sources = [event, afterRun, webhook].filter((each) => each !== undefined).length;
  if (sources !== 1) {
    const found = ["none", "", "two", "three"][sources];
    findings.error("missing_key", path, `expected \`event\`, \`afterRun\` or \`webhook\`, got ${found}`, {
      expected: "what starts runs: `event: shop.order.created`",
    });
  }
  if (debounce !== undefined && batch !== undefined)
    findings.error("wrong_form", [...path, "batch"], "expected either `debounce` or `batch`, got both");
  if (signal !== undefined && run === undefined)
    findings.error("missing_key", path, "expected `run` with `signal`, got none", {
      expected: "the id of the run that is sent the signal: `run: order-${{ event.data.id }}`",
    });
  checkExpressions(document, findings, path);
}

function checkExpressions(document: OnDocument, findings: Findings, path: Path): void {
  const report = (problems: readonly (Problem & { readonly path?: Path })[], key: string) => {
    for (const problem of problems)
      findings.error("wrong_form", [...path, key, ...(problem.path ?? [])], problem.message);
  };
  const conditions = [
    ["if", { expectedType: types.bool }],
    ["key", {}],
    ["group", {}],
  ] as const;
  for (const [key, options] of conditions) {
    const compiled = compileCondition(document[key] ?? "true", scope, options);
    if (!compiled.ok) report(compiled.problems, key);
  }
  const run = compileTemplate(document.run ?? "", scope);
  if (!run.ok) report(run.problems, "run");
  const input = document.with === undefined ? undefined : compileData(document.with, scope);
  if (input?.ok === false) report(input.problems, "with");
}
