/** Changes alerts, rules, silences and notifications. */
import { parseMatcher } from "@tutti/expressions";
import { nearest } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { wholeNumber } from "../../command/values.ts";
import { readDefinition } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { meantOf } from "../../server/names.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

export async function acknowledgeAlert(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const reply = await server.call("alerts.acknowledge", {
    params: { id },
    query: server.namespace,
    body: reasonOf(context),
  });
  return doneOutcome(context, reply, { id, line: `${safe(id)} is acknowledged` });
}

export async function createSilence(context: Context): Promise<Result> {
  const { values, shell } = context;
  const lengthMs = values.durationMs("for");
  const reason = values.text("reason");
  if (lengthMs === undefined) throw usageFailure("--for is missing: pass --for SPAN, such as --for 2h.");
  if (reason === undefined) throw usageFailure("--reason is missing: pass --reason TEXT.");
  const ruleId = values.text("rule");
  const labels = Object.entries(values.labels("label")).map(([name, value]) => `${name}=${value}`);
  const matchers = values.texts("match").map((text) => {
    const matcher = parseMatcher(text);
    if (matcher === undefined)
      throw usageFailure(`--match: expected a condition such as node=~web.*, got \`${safe(text)}\``);
    return matcher;
  });
  const fromMs = values.momentMs("start", shell.nowMs());
  const cron = values.text("cron");
  const timeZone = values.text("time-zone");
  if (cron === undefined && timeZone !== undefined) throw usageFailure("--time-zone needs --cron.");
  const recurrence =
    cron === undefined ? undefined : { cron, durationMs: lengthMs, ...(timeZone && { timeZone }) };
  const server = await connect(context);
  const silence = await server.call("silences.create", {
    query: server.namespace,
    body: {
      ...(ruleId !== undefined && { ruleId }),
      ...(labels.length > 0 && { labels }),
      ...(matchers.length > 0 && { matchers }),
      ...(recurrence !== undefined && { recurrence }),
      span: {
        ...(fromMs !== undefined && { fromMs }),
        ...(recurrence === undefined && { toMs: (fromMs ?? shell.nowMs()) + lengthMs }),
      },
      reason,
    },
  });
  const { silenceId: id = "", span } = silence;
  const unknown = ruleId === undefined ? undefined : await unknownRule(server, ruleId);
  const until = printMoment(span?.toMs ?? 0, shell.nowMs());
  const isLater = fromMs !== undefined || recurrence !== undefined;
  const from = isLater ? `from ${printMoment(span?.fromMs ?? 0, shell.nowMs())} ` : "";
  const recurrenceText = recurrence === undefined ? "" : `, and recurs: ${safe(recurrence.cron)}`;
  const outcome = doneOutcome(context, silence, {
    id,
    line: `${safe(id)} lasts ${from}until ${until}${recurrenceText}`,
  });
  return {
    ...outcome,
    draw: () => {
      outcome.draw?.();
      if (unknown !== undefined) context.print.line(`${context.print.style.yellow("!")} ${unknown}`);
    },
  };
}

/** Returns a note about a missing rule. Undefined if the caller may not see rules. A silence may precede its rule. */
async function unknownRule(server: Server, ruleId: string): Promise<string | undefined> {
  try {
    const rules = await readAll(
      (page) => server.call("alertRules.list", { query: { ...server.namespace, ...page } }),
      (reply) => reply.rules,
    );
    const ids = rules.map((rule) => rule.ruleId ?? "");
    if (ids.includes(ruleId)) return undefined;
    const suggestion = nearest(ruleId, ids);
    const meant = suggestion === undefined ? "" : ` Did you mean \`${safe(suggestion)}\`?`;
    return `Rule \`${safe(ruleId)}\` does not exist in this namespace, so the silence has no effect yet.${meant} List rules with \`tutti alert-rule list\`.`;
  } catch {
    return undefined;
  }
}

export async function reportAlert(context: Context): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("NAME");
  const isOver = values.flag("end");
  const lengthMs = values.durationMs("for");
  if (isOver && lengthMs !== undefined) throw usageFailure("Pass --for SPAN or --end.");
  const nowMs = shell.nowMs();
  const endTimeMs = isOver ? nowMs - 1 : lengthMs === undefined ? undefined : nowMs + lengthMs;
  const alert = {
    labels: { ...values.labels("label"), alertname: name },
    annotations: values.labels("annotation"),
    ...(endTimeMs !== undefined && { endTimeMs }),
  };
  const server = await connect(context);
  const reply = await server.call("alerts.report", { query: server.namespace, body: { alerts: [alert] } });
  const isAccepted = reply.accepted === 1;
  const outcome = isAccepted ? (isOver ? "has ended" : "is reported") : "is ignored: its rule is disabled";
  return doneOutcome(context, reply, { id: name, line: `${safe(name)} ${outcome}`, isAsBefore: !isAccepted });
}

export async function endSilence(context: Context): Promise<Result> {
  return removal(context, "silences.delete", "ended");
}

export async function deleteAlertRule(context: Context): Promise<Result> {
  return removal(context, "alertRules.delete", "deleted");
}

async function removal(
  context: Context,
  route: "silences.delete" | "alertRules.delete",
  done: string,
): Promise<Result> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const query = { ...server.namespace, ...reasonOf(context) };
  const reply = await server.call(route, { params: { id }, query });
  const isRemoved = reply.removed === true;
  const line = `${safe(id)} ${isRemoved ? done : "not found"}`;
  return doneOutcome(context, reply, { id, line, isAsBefore: !isRemoved });
}

/** Sets the rules of a file. Sets none if one is wrong. */
export async function setAlertRules(context: Context): Promise<Result> {
  const { values, shell } = context;
  const file = await readDefinition(values.argument("FILE"), shell);
  const { readAlertRules } = await import("../../local/alert-rules.ts");
  const rules = readAlertRules(file);
  const server = await connect(context);
  return {
    follow: async (emit) => {
      for (const { id, body } of rules) {
        const query = { ...server.namespace, ...reasonOf(context) };
        const reply = await server.call("alertRules.set", { params: { id }, query, body });
        emit(doneOutcome(context, reply, { id, line: `${safe(id)} is set` }));
      }
      return exitCodes.completed;
    },
  };
}

export function disableRule(context: Context): Promise<Result> {
  return setDisabled(context, true);
}

export function enableRule(context: Context): Promise<Result> {
  return setDisabled(context, false);
}

async function setDisabled(context: Context, disabled: boolean): Promise<Result> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const rules = await readAll(
    (page) => server.call("alertRules.list", { query: { ...server.namespace, ...page } }),
    (reply) => reply.rules,
  );
  const rule = rules.find(({ ruleId }) => ruleId === id);
  if (rule === undefined)
    throw new Failure(`Alert rule \`${safe(id)}\` not found.`, {
      next: [
        ...meantOf(
          id,
          rules.map(({ ruleId }) => ruleId),
        ),
        ["tutti alert-rule list", "lists alert rules"],
      ],
      exitCode: exitCodes.refused,
      code: "alert.rule_missing",
    });
  const {
    namespace: _,
    revision,
    readyMade: _built,
    problem: _problem,
    updateCause: _cause,
    ruleId: _id,
    ...fields
  } = rule;
  const { title = "", condition = "", severity = "warning", queries } = fields;
  const query = {
    ...server.namespace,
    ...reasonOf(context),
    ...(revision === undefined ? {} : { revision }),
  };
  const known = queries.map(({ metric = "", ...given }) => ({ ...given, metric }));
  const body = { ...fields, ruleId: id, title, condition, severity, queries: known, disabled };
  const reply = await server.call("alertRules.set", { params: { id }, query, body });
  return doneOutcome(context, reply, { id, line: `${safe(id)} is ${disabled ? "disabled" : "enabled"}` });
}

export async function retryNotifications(context: Context): Promise<Result> {
  const numbers = context.values.manyArguments("NUMBER").map((text) => wholeNumber(text, "NUMBER"));
  const server = await connect(context);
  const reply = await server.call("notifications.retry", {
    query: server.namespace,
    body: { numbers, ...reasonOf(context) },
  });
  const { count = 0 } = reply;
  return doneOutcome(context, reply, { id: String(count), line: `${count} notifications retried` });
}
