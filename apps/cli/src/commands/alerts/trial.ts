/** Tests alert rules: by the tests in their file, or over recorded metrics. */
import type { Routes } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";

export async function testAlertRules(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const file = await readDefinition(values.argument("FILE"), shell);
  const { readAlertRules, runTests } = await import("../../local/alert-rules.ts");
  const rules = readAlertRules(file);
  const fromMs = values.momentMs("since", shell.nowMs());
  if (fromMs !== undefined) return overThePast(context, rules, fromMs);
  const outcomes = rules.flatMap(runTests);
  const failed = outcomes.filter(({ problems }) => problems.length > 0);
  if (failed.length > 0)
    throw new Failure(`${failed.length} of ${outcomes.length} tests failed.`, {
      why: failed.flatMap(({ rule, test, problems }) =>
        problems.map((problem) => `${rule}: ${test}: ${problem}`),
      ),
      exitCode: exitCodes.failed,
      code: "tests_failed",
    });
  return {
    json: { tests: outcomes },
    quiet: outcomes.map(({ rule, test }) => `${rule}: ${test}`),
    empty: outcomes.length === 0 ? "The file has no tests." : undefined,
    draw: () => {
      for (const { rule, test } of outcomes)
        print.line(`${print.style.green("✓")} ${safe(rule)}: ${safe(test)}`);
    },
  };
}

type Rules = ReturnType<typeof import("../../local/alert-rules.ts")["readAlertRules"]>;

async function overThePast(context: Context, rules: Rules, fromMs: number): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const results: (Routes["alertRules.test"]["reply"] & { readonly rule: string })[] = [];
  for (const { id, body } of rules) {
    const rule = { ...body, ruleId: id };
    const reply = await server.call("alertRules.test", {
      query: server.namespace,
      body: { rule, span: { fromMs } },
    });
    results.push({ rule: id, ...reply });
  }
  return {
    json: { rules: results },
    quiet: results.flatMap(({ rule, alerts }) => alerts.map(() => rule)),
    draw: () => {
      for (const { rule, alerts, problems } of results) {
        print.line(`${print.style.bold(safe(rule))}  ${alerts.length} alerts`);
        for (const { path = "", message = "" } of problems)
          print.line(`  ${print.style.red(safe(`${path}: ${message}`))}`);
        for (const { status, title = "", startTimeMs = 0, endTimeMs } of alerts) {
          const end = endTimeMs === undefined ? status : `to ${printMoment(endTimeMs, shell.nowMs())}`;
          print.line(`  ${printMoment(startTimeMs, shell.nowMs())} ${end}  ${safe(title)}`);
        }
      }
    },
  };
}
