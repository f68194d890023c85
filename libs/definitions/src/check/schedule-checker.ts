import type { Schedule } from "@tutti/contracts/workflow/v1";
import { scheduleOf } from "../contracts/schedule-message.ts";
import { parseDurationMs } from "../duration.ts";
import { type ScheduleDocument, schedule } from "../language/schedule-shape.ts";
import type { DefinitionProblem, Findings } from "../problem.ts";
import type { DefinitionText } from "../source/text.ts";
import { cronProblem, zoneProblem } from "../timing/index.ts";
import { checkFileText, hasKey } from "./file-checker.ts";

export interface CheckedSchedule {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** The schedule as a message of the contracts. Undefined if there is an error among the problems. */
  readonly schedule: Schedule | undefined;
  /** Whether the text sets if the schedule is paused. */
  readonly setsPaused: boolean;
}

/** Returns whether a text is a schedule, and not the workflow that the schedule runs. */
export function isScheduleText(source: DefinitionText): boolean {
  return hasKey(source, "schedule");
}

/** Checks the text of a schedule and reports all problems together. Never throws because of the text. */
export function checkScheduleText(source: DefinitionText): CheckedSchedule {
  const checking = { shape: schedule, name: "schedule", more: checkTimes };
  const { problems, document, hasErrors } = checkFileText<ScheduleDocument>(source, checking);
  return {
    problems,
    schedule: document === undefined || hasErrors ? undefined : scheduleOf(document),
    setsPaused: document?.paused !== undefined,
  };
}

/** Minimum interval of a schedule, as in the contracts. */
const everyMinMs = 1_000;

function checkTimes(document: ScheduleDocument, findings: Findings): void {
  const { cron, every, once, except = [], timeZone } = document;
  if (cron === undefined && every === undefined && once === undefined)
    findings.error("missing_key", [], "expected `cron`, `every` or `once`, got none", {
      expected: 'when the schedule starts runs: `cron: "0 3 * * *"` or `every: 30s`',
    });
  if (every !== undefined && (parseDurationMs(every) ?? everyMinMs) < everyMinMs)
    findings.error("out_of_range", ["every"], `expected at least 1s, got ${every}`);
  if (typeof cron === "string") checkCron(cron, ["cron"], findings);
  else for (const [index, each] of (cron ?? []).entries()) checkCron(each, ["cron", index], findings);
  for (const [index, each] of except.entries()) checkCron(each, ["except", index], findings);
  const wrongZone = timeZone === undefined ? undefined : zoneProblem(timeZone);
  if (wrongZone !== undefined) findings.error("wrong_form", ["timeZone"], wrongZone);
  for (const key of ["once", "from", "until"] as const) {
    const text = document[key];
    if (text === undefined || !Number.isNaN(Date.parse(text))) continue;
    findings.error(
      "wrong_form",
      [key],
      `expected a time such as 2026-01-31T09:30:00Z, got ${JSON.stringify(text.slice(0, 60))}`,
    );
  }
}

function checkCron(text: string, path: readonly (string | number)[], findings: Findings): void {
  const problem = cronProblem(text);
  if (problem !== undefined) findings.error("wrong_form", path, problem);
}
