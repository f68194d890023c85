/** Lists, compares and restores earlier versions of rules. */

import type { RuleVersion } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { actorText } from "../access/actor.ts";
import { doneOutcome } from "../outcome.ts";

export async function listRuleVersions(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const params = { id: values.argument("ID") };
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("rules.versions", { params, query: { ...server.namespace, ...page } }),
    ({ versions }) => versions,
  );
  return {
    json: { versions: entries },
    nextToken,
    quiet: entries.map(({ number = 0 }) => String(number)),
    draw: () => {
      print.table(
        [
          { title: "version", align: "right" },
          { title: "created" },
          { title: "author" },
          { title: "until" },
          { title: "changed", yields: 1, widthMin: 8 },
          { title: "reason", yields: 2, widthMin: 8 },
        ],
        entries.map(({ number = 0, rule, changes, ...version }) => [
          { text: String(number), tone: "bold" },
          { text: printAge(rule?.updateTimeMs ?? 0, shell.nowMs()), tone: "dim" },
          { text: actorText(rule?.updateCause?.actor) },
          { text: untilOf(version, shell.nowMs()), tone: "dim" },
          { text: changes.map(({ path = "" }) => path).join(", ") },
          { text: rule?.updateCause?.reason ?? "" },
        ]),
      );
    },
  };
}

function untilOf({ endTimeMs, endCause, removed }: Partial<RuleVersion>, nowMs: number): string {
  if (endTimeMs === undefined) return "";
  const age = printAge(endTimeMs, nowMs);
  return removed === true ? `${age} , deleted by ${actorText(endCause?.actor)}` : age;
}

/** Prints the differences between two versions, field by field. */
export async function diffRule(context: Context): Promise<Result> {
  const { print, values } = context;
  const id = values.argument("ID");
  const against = numberIn(values.argument("VERSION"), id);
  const text = values.optionalArgument("OTHER");
  const other = text === undefined ? undefined : numberIn(text, id);
  const server = await connect(context);
  const { entries } = await listPages(
    context,
    (page) =>
      server.call("rules.versions", {
        params: { id },
        query: { ...server.namespace, against, ...page, size: 500 },
      }),
    ({ versions }) => versions,
  );
  const found = other === undefined ? entries[0] : entries.find(({ number }) => number === other);
  if (found === undefined)
    throw usageFailure(`Version ${other ?? "none"} of rule \`${safe(id)}\` not found.`, [
      [`tutti rule versions ${id}`, "lists the versions"],
    ]);
  const { changes, number = 0 } = found;
  return {
    json: { from: against, to: number, changes },
    draw: () => {
      if (changes.length === 0) print.line(`${safe(id)} is the same in versions ${against} and ${number}.`);
      else
        for (const { path = "", before = "", after = "" } of changes) {
          print.line(print.style.bold(safe(path)));
          if (before !== "") print.line(print.style.red(`  - ${safe(before)}`));
          if (after !== "") print.line(print.style.green(`  + ${safe(after)}`));
        }
    },
  };
}

export async function rollBackRule(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const version = numberIn(values.argument("VERSION"), id);
  const reason = values.text("reason");
  if (reason === undefined)
    throw usageFailure("--reason is required.", [
      [`tutti rule impact --rule ${id} --version ${version}`, "previews its decisions"],
      [`tutti rule rollback ${id} ${version} --reason "too strict"`, "records the reason"],
    ]);
  const server = await connect(context);
  const body = { version, reason };
  const reply = await server.call("rules.rollBack", { params: { id }, query: server.namespace, body });
  const { revision = "" } = reply;
  return doneOutcome(context, reply, {
    id,
    line: `${safe(id)} is rolled back to ${version}, as version ${revision}`,
  });
}

function numberIn(text: string, id: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw usageFailure(`VERSION: expected a number, got \`${safe(text)}\``, [
    [`tutti rule versions ${id}`, "lists the versions"],
  ]);
}
