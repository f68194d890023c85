/** Admission rules: list, set from a file, delete, and list their findings. */

import { readText } from "@tutti/definitions";
import type { AdmissionRuleInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition, type SourceFile } from "../../local/definition-file.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { actorText } from "../access/actor.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

export async function listRules(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("rules.list", { query: { ...server.namespace, withSystem: true, ...page } }),
    ({ rules }) => rules,
  );
  return {
    json: { rules: entries },
    nextToken,
    quiet: entries.map(({ ruleId = "" }) => ruleId),
    empty: entries.length === 0 ? "No rules yet. Only policies decide." : undefined,
    draw: () => {
      print.table(
        [
          { title: "rule", widthMin: 8 },
          { title: "about" },
          { title: "counts" },
          { title: "serves" },
          { title: "changed" },
          { title: "description", yields: 1, widthMin: 8 },
        ],
        entries.map(
          ({
            ruleId = "",
            namespace,
            subject = "",
            enforcement,
            controls,
            updateTimeMs = 0,
            description = "",
          }) => [
            { text: namespace === "system" ? `system/${ruleId}` : ruleId, tone: "bold" },
            { text: subject },
            { text: enforcement === "shadow" ? "shadow mode" : (enforcement ?? "enforced"), tone: "dim" },
            {
              text: controls.map(({ framework, control }) => `${framework} ${control}`).join(", "),
              tone: "dim",
            },
            { text: printAge(updateTimeMs, shell.nowMs()), tone: "dim" },
            { text: description },
          ],
        ),
      );
    },
  };
}

export async function requireRules(file: SourceFile): Promise<void> {
  const { checkRules } = await import("@tutti/validation");
  const problems = checkRules(file);
  if (problems.length === 0) return;
  throw new Failure(`${safe(file.fileName)} has errors. No rule was set.`, {
    problems: problems.map((problem) => ({ problem, text: file.text })),
    exitCode: exitCodes.failed,
    code: "rules_invalid",
  });
}

/** Sets the rules of a file. Sets none if the file has an error. */
export async function setRules(context: Context): Promise<Result> {
  const { values, shell } = context;
  const file = await readDefinition(values.argument("FILE"), shell);
  await requireRules(file);
  const { rules } = readText(file).value as unknown as { readonly rules: readonly AdmissionRuleInput[] };
  const server = await connect(context);
  return {
    follow: async (emit) => {
      for (const rule of rules) {
        const { ruleId = "" } = rule;
        const query = { ...server.namespace, ...reasonOf(context) };
        const reply = await server.call("rules.set", { params: { id: ruleId }, query, body: rule });
        emit(doneOutcome(context, reply, { id: ruleId, line: `${safe(ruleId)} is set` }));
      }
      return exitCodes.completed;
    },
  };
}

export async function deleteRule(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const query = { ...server.namespace, ...reasonOf(context) };
  const reply = await server.call("rules.delete", { params: { id }, query });
  const line = `${safe(id)} ${reply.removed === true ? "deleted" : "not found"}`;
  return doneOutcome(context, reply, { id, line, isAsBefore: reply.removed !== true });
}

export async function listFindings(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const server = await connect(context);
  const ruleId = values.text("rule");
  const framework = values.text("framework");
  const filter = {
    ...(ruleId === undefined ? {} : { ruleId }),
    ...(framework === undefined ? {} : { framework }),
  };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("findings.list", { query: { ...server.namespace, ...filter, ...page } }),
    ({ findings }) => findings,
  );
  return {
    json: { findings: entries },
    nextToken,
    quiet: entries.map(({ recordId = "" }) => recordId),
    empty: entries.length === 0 ? "No findings." : undefined,
    draw: () => {
      print.table(
        [
          { title: "rule", widthMin: 8 },
          { title: "result" },
          { title: "times", align: "right" },
          { title: "time" },
          { title: "actor" },
          { title: "record", widthMin: 10 },
          { title: "message", yields: 1, widthMin: 8 },
        ],
        entries.map(
          ({
            ruleId: id = "",
            result = "",
            count = 1,
            findTimeMs = 0,
            cause,
            recordId = "",
            message = "",
          }) => [
            { text: id, tone: "bold" },
            { text: result, tone: result === "denied" ? "red" : "yellow" },
            { text: String(count) },
            { text: printAge(findTimeMs, shell.nowMs()), tone: "dim" },
            { text: actorText(cause?.actor) },
            { text: recordId, tone: "dim" },
            { text: message },
          ],
        ),
      );
    },
  };
}
