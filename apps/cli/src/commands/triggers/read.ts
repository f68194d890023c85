import type { Activation, Trigger, TriggerSource } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import type { Tone } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";
import { policyFacts } from "./policy.ts";

export async function listTriggers(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("triggers.list", { query: { ...server.namespace, ...page } }),
    ({ triggers }) => triggers,
  );
  return {
    json: { triggers: entries },
    nextToken,
    quiet: entries.map(({ triggerId }) => triggerId),
    empty:
      entries.length === 0
        ? "No triggers yet. Create one: tutti trigger create ID WORKFLOW --event TYPE"
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "trigger", widthMin: 10 },
          { title: "workflow", yields: 2, widthMin: 8 },
          { title: "event", yields: 1, widthMin: 12 },
          { title: "started", align: "right" },
          { title: "duplicates", align: "right", yields: 3 },
          { title: "dead", align: "right" },
          { title: "state", yields: 2, widthMin: 8 },
        ],
        entries.map(({ triggerId, run, source, paused, counts }) => [
          { text: triggerId, tone: paused === true ? "dim" : "bold" },
          { text: run?.definition?.name ?? "", tone: "dim" },
          printSource(source),
          String(counts?.started ?? 0),
          { text: String(counts?.duplicates ?? 0), tone: "dim" },
          { text: String(counts?.dead ?? 0), tone: (counts?.dead ?? 0) > 0 ? "red" : "dim" },
          paused === true ? { text: "‖ paused", tone: "magenta" } : { text: "● active", tone: "cyan" },
        ]),
      );
    },
  };
}

export function printSource(source: TriggerSource | undefined): string {
  const { event, runEnd, webhook } = source ?? {};
  if (webhook !== undefined) return `webhooks of ${webhook.preset ?? "standard"}`;
  if (event !== undefined) return [event.type, event.source].filter(Boolean).join(" of ");
  if (runEnd === undefined) return "";
  return `after ${runEnd.definition}: ${runEnd.ends.length === 0 ? "completed" : runEnd.ends.join(" or ")}`;
}

export async function showTrigger(context: Context): Promise<Result> {
  const server = await connect(context);
  const id = context.values.argument("ID");
  const trigger = await server.call("triggers.get", { params: { id }, query: server.namespace });
  return { json: trigger, draw: () => drawTrigger(context, trigger, server.url) };
}

function drawTrigger({ print, shell }: Context, trigger: Trigger, url: string): void {
  const { style } = print;
  const nowMs = shell.nowMs();
  const { triggerId, paused, note = "", counts, recent } = trigger;
  const state = paused === true ? style.magenta("‖ paused") : style.cyan("● active");
  print.line(`${style.bold(safe(triggerId))}  ${state}${note === "" ? "" : style.dim(`  ${safe(note)}`)}`);
  print.line("");
  const countText = (count: number | undefined) => ((count ?? 0) === 0 ? undefined : String(count));
  print.facts([
    ["about", trigger.description],
    ["workflow", trigger.run?.definition?.name],
    ["event", printSource(trigger.source)],
    ["if", trigger.condition],
    ["key", trigger.key],
    ["run", trigger.runId],
    ...policyFacts(trigger, url),
    ["of definition", trigger.owner],
    ["received", String(counts?.received ?? 0)],
    ["started", String(counts?.started ?? 0)],
    ["signalled", countText(counts?.signalled)],
    ["duplicates", countText(counts?.duplicates)],
    ["skipped", countText(counts?.skipped)],
    ["waiting", countText(counts?.waiting)],
    ["dead letters", countText(counts?.dead)],
    ["dropped", countText(counts?.dropped)],
  ]);
  if (recent.length > 0) {
    print.line("");
    print.table(
      [
        { title: "time" },
        { title: "result" },
        { title: "event", yields: 2, widthMin: 10 },
        { title: "run", yields: 1, widthMin: 12 },
        { title: "reason", yields: 3, widthMin: 12 },
      ],
      recent.map((activation) => [
        { text: activation.timeMs === undefined ? "" : printMoment(activation.timeMs, nowMs), tone: "dim" },
        { text: activation.result ?? "", tone: toneOf(activation) },
        activation.eventId ?? "",
        activation.runId ?? "",
        { text: activation.message ?? "", tone: "dim" },
      ]),
    );
  }
  print.section("with", trigger.with);
}

function toneOf({ result }: Activation): Tone {
  if (result === "started" || result === "signalled") return "green";
  return result === "dead" ? "red" : "yellow";
}

export async function listDeadLetters(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const id = values.argument("ID");
  const { entries, nextToken } = await listPages(
    context,
    (page) =>
      server.call("triggers.deadLetters", { params: { id }, query: { ...server.namespace, ...page } }),
    ({ letters }) => letters,
  );
  return {
    json: { letters: entries },
    nextToken,
    quiet: entries.map(({ number }) => String(number)),
    empty: entries.length === 0 ? "No dead letters." : undefined,
    draw: () => {
      print.table(
        [
          { title: "number", align: "right" },
          { title: "time" },
          { title: "event", yields: 1, widthMin: 10 },
          { title: "reason", yields: 2, widthMin: 20 },
        ],
        entries.map(({ number, timeMs, event, code = "", message = "" }) => [
          String(number),
          { text: timeMs === undefined ? "" : printMoment(timeMs, shell.nowMs()), tone: "dim" },
          event?.id ?? "",
          { text: `${code}: ${message}`, tone: "red" },
        ]),
      );
    },
  };
}
