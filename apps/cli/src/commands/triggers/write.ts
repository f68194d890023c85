import { counted } from "@tutti/kernel";
import type { Singleton, Trigger, TriggerSourceInput, WebhookPreset } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import { type Json, readInput } from "../../command/input.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { wholeNumber } from "../../command/values.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { definitionNamed } from "../definition.ts";
import { deletedOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";
import { secretProblems } from "./webhook-secrets.ts";

export async function createTrigger(context: Context): Promise<Result> {
  const { values, shell } = context;
  const inputText = values.text("with");
  const input: Json | undefined =
    inputText === undefined ? undefined : await readInput([inputText], shell, "--with");
  const optional = (option: string, field: string) => {
    const text = values.text(option);
    return text === undefined ? {} : { [field]: text };
  };
  const windowMs = values.durationMs("key-window");
  const server = await connect(context);
  const { trigger, existed } = await server.call("triggers.create", {
    query: server.namespace,
    body: {
      triggerId: values.argument("ID"),
      source: sourceFromOptions(context),
      run: { definition: definitionNamed(values.argument("WORKFLOW")) },
      policy: policyFromOptions(context),
      ...optional("if", "condition"),
      ...optional("key", "key"),
      ...optional("run", "runId"),
      ...optional("description", "description"),
      ...(windowMs === undefined ? {} : { windowMs }),
      ...(input === undefined ? {} : { with: input }),
      ...(values.flag("paused") ? { paused: true } : {}),
    },
  });
  const { triggerId = "", source } = trigger ?? {};
  const problems = await secretProblems(server, { triggerId, secrets: source?.webhook?.secrets });
  return triggerOutcome(context, trigger, existed === true ? "already exists" : "created", problems);
}

function sourceFromOptions({ values }: Context): TriggerSourceInput {
  const [event, definition] = [values.text("event"), values.text("after-run")];
  const [preset, secrets] = [values.text("webhook-of"), values.list("signed-by")];
  if (preset !== undefined && event === undefined && definition === undefined) {
    if (secrets.length === 0) throw usageFailure("Pass --signed-by SECRET with --webhook-of.");
    // The cast: the parser has validated it against the table of presets.
    return { webhook: { ...(preset !== "standard" && { preset: preset as WebhookPreset }), secrets } };
  }
  if (event !== undefined && definition === undefined) {
    const source = values.text("source");
    return { event: { type: event, ...(source === undefined ? {} : { source }) } };
  }
  if (definition !== undefined && event === undefined)
    return { runEnd: { definition, ends: values.list("ends") } };
  throw usageFailure("Pass --event TYPE, --after-run WORKFLOW or --webhook-of PRESET.");
}

export function policyFromOptions({ values }: Pick<Context, "values">) {
  for (const [option, of] of [
    ["batch-wait", "batch"],
    ["per", "throttle"],
  ] as const)
    if (values.text(option) !== undefined && values.text(of) === undefined)
      throw usageFailure(`Pass --${of} N with --${option}.`);
  const singleton = values.text("singleton");
  const numbers = {
    debounceMs: values.durationMs("debounce"),
    batchSize: values.integer("batch", 2),
    batchWaitMs: values.durationMs("batch-wait"),
    throttleCount: values.integer("throttle", 1),
    throttlePerMs: values.durationMs("per"),
  };
  const texts = { group: values.text("group-by"), signal: values.text("signal") };
  const set = Object.entries({ ...numbers, ...texts }).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(set),
    // The cast: the parser has validated it against the table of rules.
    ...(singleton === undefined ? {} : { singleton: singleton as Singleton }),
  };
}

export function pauseTrigger(context: Context): Promise<Result> {
  return steer(context, "triggers.pause", "is paused");
}

export function resumeTrigger(context: Context): Promise<Result> {
  return steer(context, "triggers.resume", "is resumed");
}

async function steer(
  context: Context,
  route: "triggers.pause" | "triggers.resume",
  done: string,
): Promise<Result> {
  const server = await connect(context);
  const trigger = await server.call(route, {
    params: { id: context.values.argument("ID") },
    query: server.namespace,
    body: reasonOf(context),
  });
  return triggerOutcome(context, trigger, done);
}

export async function replayEvents(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const span = values.pastSpan(shell.nowMs());
  const server = await connect(context);
  const reply = await server.call("triggers.replay", {
    params: { id: values.argument("ID") },
    query: server.namespace,
    body: { span, ...reasonOf(context) },
  });
  const { events = 0, matched = 0, duplicates = 0 } = reply;
  return {
    json: reply,
    quiet: [String(matched - duplicates)],
    draw: () =>
      print.line(
        `${print.style.green("✓")} ${events} past events, ${matched} met the condition, ${duplicates} of these were seen before`,
      ),
  };
}

/** Retries dead letters. Prints the errors of those that fail again immediately. */
export async function retryDeadLetters(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const reply = await server.call("triggers.retry", selectedDeadLetters(context, server));
  const { count = 0, failed } = reply;
  if (failed.length === 0) return settled(context, reply, "retried");
  const reasons = new Set(failed.map(({ message = "", code = "" }) => message || code));
  return {
    json: reply,
    quiet: [String(count - failed.length)],
    exitCode: exitCodes.refused,
    draw: () => {
      const some = `${counted(count, "dead letter")} retried, ${failed.length} failed again:`;
      print.line(`${print.style.red("✗")} ${some}`);
      for (const reason of [...reasons].slice(0, reasonsMax)) print.line(`  ${safe(reason)}`);
    },
  };
}

const reasonsMax = 5;

export async function dropDeadLetters(context: Context): Promise<Result> {
  const server = await connect(context);
  return settled(
    context,
    await server.call("triggers.drop", selectedDeadLetters(context, server)),
    "deleted",
  );
}

function selectedDeadLetters(context: Context, { namespace }: Pick<Server, "namespace">) {
  const { values } = context;
  const numbers = values.manyArguments("NUMBER").map((text) => wholeNumber(text, "NUMBER"));
  return { params: { id: values.argument("ID") }, query: namespace, body: { numbers, ...reasonOf(context) } };
}

function settled({ print }: Context, reply: { readonly count?: number }, done: string): Result {
  const { count = 0 } = reply;
  return {
    json: reply,
    quiet: [String(count)],
    draw: () => print.line(`${print.style.green("✓")} ${counted(count, "dead letter")} ${done}`),
  };
}

export async function deleteTrigger(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const reply = await server.call("triggers.delete", {
    params: { id },
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, id);
}

function triggerOutcome(
  { print }: Context,
  trigger: Trigger | undefined,
  text: string,
  problems: readonly string[] = [],
): Outcome {
  return {
    json: trigger ?? {},
    quiet: trigger === undefined ? [] : [trigger.triggerId],
    draw: () => {
      if (trigger !== undefined) print.line(`${print.style.green("✓")} ${safe(trigger.triggerId)} ${text}`);
      for (const problem of problems) print.note(problem);
    },
  };
}
