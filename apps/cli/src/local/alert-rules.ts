/** Reads files of alert rules with their tests. A separate chunk of the bundle. */
import { type AlertRule, type KeptAlert, Series } from "@tutti/contracts/insight/v1";
import { documentsOf, readText } from "@tutti/definitions";
import { errorFromUnknown, toTimestamp } from "@tutti/kernel";
import { compileRule, type RuleProgram, RuleTrial } from "@tutti/machine-alert/evaluation";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes } from "@tutti/rest/types";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import { safe } from "../terminal/text.ts";
import { readDurationMs } from "../terminal/time.ts";
import type { SourceFile } from "./definition-file.ts";

/** A test: series, and the expected alerts after a time. */
interface RuleTest {
  readonly name: string;
  readonly series: readonly TestSeries[];
  readonly expect: readonly { readonly after: string; readonly alerts: readonly ExpectedAlert[] }[];
}

interface TestSeries {
  readonly query: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** One value every 10 s. `5 x 6` is six times 5, null is a gap. */
  readonly values: readonly (number | string | null)[];
}

interface ExpectedAlert {
  readonly status?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface RuleInFile {
  readonly id: string;
  readonly body: Routes["alertRules.set"]["body"];
  readonly program: RuleProgram;
  readonly tests: readonly RuleTest[];
}

export interface TestOutcome {
  readonly rule: string;
  readonly test: string;
  /** Empty if it passed. */
  readonly problems: readonly string[];
}

const mapping = new Mapping(schema);
const stepMs = 10_000;
/** Start time of tests. */
const startMs = 1_700_000_000_000;
const statusNames = ["", "pending", "firing", "acknowledged", "resolved"];

/** Reads the rules of a file. Throws with all errors of the file. */
export function readAlertRules(file: SourceFile): readonly RuleInFile[] {
  const problems: string[] = [];
  const rules = documentsOf(file).flatMap((document): RuleInFile[] => {
    try {
      const {
        tests = [],
        "alert-rule": named,
        ...fields
      } = readText({ ...file, ...document }).value as unknown as RuleInFile["body"] & {
        readonly ruleId?: string;
        /** The name, as in files for `tutti apply`. */
        readonly "alert-rule"?: string;
        readonly tests?: readonly RuleTest[];
      };
      const body = named === undefined ? fields : { ...fields, ruleId: named };
      // The draft has every field of the message.
      const rule = mapping.read("tutti.insight.v1.AlertRule", body) as unknown as AlertRule;
      const compiled = compileRule(rule);
      if (compiled.ok) return [{ id: rule.ruleId, body, program: compiled.program, tests }];
      for (const { field, message } of compiled.problems)
        problems.push(`${rule.ruleId}: ${field}: ${message}`);
    } catch (error) {
      problems.push(errorFromUnknown(error).message);
    }
    return [];
  });
  if (problems.length === 0 && rules.length > 0) return rules;
  throw new Failure(
    `${safe(file.fileName)} has ${rules.length === 0 && problems.length === 0 ? "no rule" : "errors"}.`,
    { why: problems, exitCode: exitCodes.failed, code: "rules_invalid" },
  );
}

export function runTests({ id, program, tests }: RuleInFile): readonly TestOutcome[] {
  return tests.map((test) => ({ rule: id, test: test.name, problems: problemsOf(program, test) }));
}

function problemsOf(program: RuleProgram, { series, expect }: RuleTest): readonly string[] {
  const trial = new RuleTrial(program, series.map(seriesOf), startMs);
  const problems: string[] = [];
  for (const { after, alerts } of expect) {
    const afterMs = readDurationMs(after);
    if (afterMs === undefined) return [`\`after\`: expected a duration such as 30s, got ${after}`];
    trial.advanceTo(startMs + afterMs);
    const found = trial.alerts.map(printed).toSorted();
    const expected = alerts.map(({ status = "firing", labels = {} }) => printedAs(status, labels)).toSorted();
    if (found.join("\n") !== expected.join("\n"))
      problems.push(`after ${after}: expected ${listed(expected)}, got ${listed(found)}`);
  }
  if (trial.problem !== "") problems.push(trial.problem);
  return problems;
}

function seriesOf({ query, labels = {}, values }: TestSeries): Series {
  const all = values.flatMap((value) => {
    const [, each = "", times = ""] = /^\s*(-?[\d.]+)\s*x\s*(\d{1,5})\s*$/.exec(String(value)) ?? [];
    return times === ""
      ? [value === null ? Number.NaN : Number(value)]
      : Array(Number(times)).fill(Number(each));
  });
  return Series.fromPartial({ queryId: query, labels, stepMs, startTime: toTimestamp(startMs), values: all });
}

function printed({ status, labels }: Pick<KeptAlert, "status"> & { readonly labels: object }): string {
  return printedAs(statusNames[status] ?? "", labels);
}

function printedAs(status: string, labels: object): string {
  const sorted = Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [status, ...sorted.map(([name, value]) => `${name}=${value}`)].join(" ");
}

function listed(alerts: readonly string[]): string {
  return alerts.length === 0 ? "no alert" : alerts.map((alert) => `[${alert}]`).join(", ");
}
