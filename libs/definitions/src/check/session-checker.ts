import type { SessionSpec } from "@tutti/contracts/session/v1";
import type { Json } from "@tutti/expressions";
import { buildPlan } from "../build/definition-builder.ts";
import { sessionSpecOf } from "../contracts/session-spec.ts";
import { keysOfRuns } from "../contracts/task-specs.ts";
import type { SessionDocument } from "../language/session-document.ts";
import { session } from "../language/session-shape.ts";
import { taskKinds } from "../language/task-shape.ts";
import { limits } from "../limits.ts";
import type { Plan } from "../plan/plan.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import type { CheckOptions } from "./checker.ts";
import { located, nowhere } from "./located.ts";
import { isMembers, ShapeChecker } from "./shape-checker.ts";
import { Steps, StepsExhausted } from "./steps.ts";

export interface CheckedSession {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** The session as a message of the contracts. Undefined if there is an error among the problems. */
  readonly spec: SessionSpec | undefined;
}

/** Returns whether a text is a session, and not a workflow. */
export function isSessionText(source: DefinitionText): boolean {
  if (source.text.length > limits.textLengthMax) return false;
  const { value } = readSource(source, new Findings(1));
  return isMembers(value) && Object.hasOwn(value, "session") && !Object.hasOwn(value, "workflow");
}

/**
 * Checks the text of a session, in which tasks have the same form as in a definition. Reports all problems together.
 * Never throws because of the text.
 */
export function checkSessionText(
  source: DefinitionText,
  { textLengthMax = limits.textLengthMax, stepsMax, catalogue }: Omit<CheckOptions, "parameters"> = {},
): CheckedSession {
  const findings = new Findings(limits.problemsMax);
  const { fileName, text } = source;
  if (text.length > textLengthMax) {
    findings.error("too_large", [], `expected at most ${textLengthMax} characters, got ${text.length}`);
    return { problems: located(findings, fileName, nowhere), spec: undefined };
  }
  const { value, places } = readSource(source, findings);
  let spec: SessionSpec | undefined;
  try {
    if (value !== undefined) spec = check(value, { findings, steps: new Steps(stepsMax), catalogue });
  } catch (fault) {
    if (!(fault instanceof StepsExhausted)) throw fault;
    findings.error(
      "too_large",
      [],
      `expected a session that is checked in ${fault.stepsMax} steps, got a larger one`,
    );
  }
  return { problems: located(findings, fileName, places), spec: findings.hasErrors ? undefined : spec };
}

interface Checking {
  readonly findings: Findings;
  readonly steps: Steps;
  readonly catalogue: CheckOptions["catalogue"];
}

function check(value: Json, { findings, steps, catalogue }: Checking): SessionSpec | undefined {
  const cleaned = new ShapeChecker(findings, steps, undefined).check(value, session, []);
  if (!isMembers(cleaned)) return undefined;
  const document = cleaned as unknown as SessionDocument;
  checkMoment(document.dueTime, ["dueTime"], findings);
  checkMode(document, findings);
  let plan: Plan | undefined;
  if (document.tasks !== undefined) {
    checkTasks(document.tasks, findings);
    const { session: name, tasks, output } = document;
    const workflow = { workflow: name, tasks, ...(output === undefined ? {} : { output: lone(output) }) };
    plan = buildPlan({ document: workflow, findings, steps, catalogue });
  }
  return findings.hasErrors ? undefined : sessionSpecOf(document, plan);
}

function checkMode({ mode, orchestrator }: SessionDocument, findings: Findings): void {
  if (mode === "custom" && orchestrator === undefined)
    findings.error("missing_key", ["mode"], "expected `orchestrator` with the mode `custom`, got none", {
      expected: "`orchestrator`",
    });
  if (mode !== "custom" && orchestrator !== undefined)
    findings.error(
      "conflicting_keys",
      ["orchestrator"],
      "`orchestrator` has no effect without the mode `custom`",
      { key: true },
    );
}

/** Reports tasks that only a run can execute. */
function checkTasks(tasks: NonNullable<SessionDocument["tasks"]>, findings: Findings): void {
  const done = ["uses", "workflow", "mission"];
  for (const [id, task] of Object.entries(tasks)) {
    const kind = taskKinds.find((key) => Object.hasOwn(task, key) && !done.includes(key));
    const only = kind ?? keysOfRuns.find((key) => Object.hasOwn(task, key));
    if (only !== undefined)
      findings.error(
        "conflicting_keys",
        ["tasks", id, only],
        `expected a task that every engine can run, got \`${only}\`, which only a workflow supports`,
        { key: true, expected: "`uses`, `workflow` or `mission`. Put the rest into a separate workflow" },
      );
    checkMoment(task.dueTime, ["tasks", id, "dueTime"], findings);
  }
}

function checkMoment(text: string | undefined, path: readonly string[], findings: Findings): void {
  if (text === undefined || !Number.isNaN(Date.parse(text))) return;
  findings.error(
    "wrong_form",
    path,
    `expected a moment such as 2026-01-31T09:30:00Z, got ${JSON.stringify(text.slice(0, 60))}`,
  );
}

function lone(output: string | boolean): string {
  const text = String(output);
  return text.includes("${{") ? text : `\${{ ${text} }}`;
}
