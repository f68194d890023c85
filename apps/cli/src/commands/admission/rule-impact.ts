/**
 * Previews the rules of a file, or an earlier version of a rule: against the latest starts of runs, the registered
 * definitions and the connected agents. The platform evaluates the rules. Nothing is set.
 */

import { readText } from "@tutti/definitions";
import type { AdmissionRuleInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { requireRules } from "./rule.ts";

export async function previewRules(context: Context): Promise<Result> {
  const { values, print } = context;
  const request = await requestOf(context);
  const server = await connect(context);
  const starts = values.integer("size");
  const body = { ...request, ...(starts === undefined ? {} : { starts }) };
  const reply = await server.call("rules.impact", { query: server.namespace, body });
  const { effects, examined = 0, unseenRuleIds } = reply;
  const findings = effects.map(({ ruleId = "", work, result = "", message = "" }) => ({
    rule: ruleId,
    what: `${work?.kind ?? ""} ${work?.id ?? ""}`,
    result,
    message,
  }));
  const lines = findings.map(
    ({ rule, what, result, message }) =>
      `${print.style.bold(safe(rule))} ${result}  ${safe(what)}  ${print.style.dim(safe(message))}`,
  );
  return {
    json: { looked: examined, effects: findings, unseen: unseenRuleIds },
    quiet: lines,
    draw: () => {
      print.lines(lines);
      print.line(`${findings.length} findings in ${examined} starts, definitions and agents`);
      for (const ruleId of unseenRuleIds)
        print.note(
          `${safe(ruleId)} checks plans or results, which have no recorded decisions. Use enforcement: shadow.`,
        );
    },
  };
}

async function requestOf(context: Context) {
  const { values, shell } = context;
  const name = values.optionalArgument("FILE");
  const ruleId = values.text("rule");
  const version = values.integer("version");
  if (name === undefined && ruleId !== undefined && version !== undefined) return { ruleId, version };
  if (name === undefined || ruleId !== undefined || version !== undefined)
    throw usageFailure("Pass a FILE of rules, or set --rule and --version.", [
      ["tutti rule impact orders.rules.yaml", "previews the rules of a file"],
      ["tutti rule impact --rule largest --version 3", "previews an earlier version"],
    ]);
  const file = await readDefinition(name, shell);
  await requireRules(file);
  const { rules } = readText(file).value as unknown as { readonly rules: readonly AdmissionRuleInput[] };
  return { rules };
}
