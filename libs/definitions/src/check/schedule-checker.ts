import type { Schedule } from "@tutti/contracts/workflow/v1";
import { scheduleOf } from "../contracts/schedule-message.ts";
import { parseDurationMs } from "../duration.ts";
import { type ScheduleDocument, schedule } from "../language/schedule-shape.ts";
import { limits } from "../limits.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { located, nowhere } from "./located.ts";
import { isMembers, ShapeChecker } from "./shape-checker.ts";
import { Steps, StepsExhausted } from "./steps.ts";

export interface CheckedSchedule {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** The schedule as the contracts have it. Undefined if there is an error among the problems. */
  readonly schedule: Schedule | undefined;
  /** Whether the text says if the schedule is paused. */
  readonly setsPaused: boolean;
}

/** Returns whether a text is that of a schedule, and not of the workflow that the schedule runs. */
export function isScheduleText(source: DefinitionText): boolean {
  if (source.text.length > limits.textLengthMax) return false;
  const { value } = readSource(source, new Findings(1));
  return isMembers(value) && Object.hasOwn(value, "schedule");
}

/** Checks the text of a schedule and finds every problem at once. Never throws because of the text. */
export function checkScheduleText(source: DefinitionText): CheckedSchedule {
  const findings = new Findings(limits.problemsMax);
  const { fileName, text } = source;
  if (text.length > limits.textLengthMax) {
    findings.error(
      "too_large",
      [],
      `expected at most ${limits.textLengthMax} characters, found ${text.length}`,
    );
    return { problems: located(findings, fileName, nowhere), schedule: undefined, setsPaused: false };
  }
  const { value, places } = readSource(source, findings);
  let document: ScheduleDocument | undefined;
  try {
    const cleaned =
      value === undefined
        ? undefined
        : new ShapeChecker(findings, new Steps(), undefined).check(value, schedule, []);
    if (isMembers(cleaned)) document = cleaned as unknown as ScheduleDocument;
  } catch (fault) {
    if (!(fault instanceof StepsExhausted)) throw fault;
    findings.error(
      "too_large",
      [],
      `expected a schedule that is checked in ${fault.stepsMax} steps, found a larger one`,
    );
  }
  if (document !== undefined) checkTimes(document, findings);
  return {
    problems: located(findings, fileName, places),
    schedule: document === undefined || findings.hasErrors ? undefined : scheduleOf(document),
    setsPaused: document?.paused !== undefined,
  };
}

/** The least interval of a schedule, as the contracts have it. */
const everyMinMs = 1_000;

function checkTimes(document: ScheduleDocument, findings: Findings): void {
  const { cron, every, once } = document;
  if (cron === undefined && every === undefined && once === undefined)
    findings.error("missing_key", [], "expected `cron`, `every` or `once`, found none", {
      expected: 'when the schedule starts runs: `cron: "0 3 * * *"` or `every: 30s`',
    });
  if (every !== undefined && (parseDurationMs(every) ?? everyMinMs) < everyMinMs)
    findings.error("out_of_range", ["every"], `expected at least 1s, found ${every}`);
  for (const key of ["once", "from", "until"] as const) {
    const text = document[key];
    if (text === undefined || !Number.isNaN(Date.parse(text))) continue;
    findings.error(
      "wrong_form",
      [key],
      `expected a time such as 2026-01-31T09:30:00Z, found ${JSON.stringify(text.slice(0, 60))}`,
    );
  }
}
