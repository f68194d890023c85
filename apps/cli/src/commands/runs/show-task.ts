import { agentFunction, counted } from "@tutti/kernel";
import {
  type EventFacts,
  eventOf,
  questionText,
  type ToolCall,
  type Turn,
  trajectoriesOf,
  usageText,
} from "@tutti/rest/history";
import { rejectionText } from "@tutti/rest/text";
import type { Approval, Attempt, Task } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { drawError } from "../../follow/end.ts";
import { isFunction, usedOf } from "../../follow/run-model.ts";
import type { Server } from "../../server/calls.ts";
import { eventsOf } from "../../server/events.ts";
import { inboxText, questionsOfRuns, waitingWork } from "../../server/questions.ts";
import { displayOf } from "../../terminal/states.ts";
import { toned } from "../../terminal/style.ts";
import type { Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printClock, printDurationMs } from "../../terminal/time.ts";

/** Shows one task with all its attempts. */
export async function showTask(
  context: Context,
  server: Server,
  { id, task: taskId }: { readonly id: string; readonly task: string },
): Promise<Result> {
  const { print, shell } = context;
  const task = await server.call("tasks.get", { params: { id, task: taskId }, query: server.namespace });
  const turns = task.uses === agentFunction ? await turnsOf(server, id, taskId) : [];
  const used = usedOf(task.used);
  const mayAsk = task.status === "waiting" || task.status === "running";
  const question = mayAsk ? await questionOf(server, id, taskId) : undefined;
  return {
    json: task,
    quiet: [task.status],
    draw: () => {
      const { style } = print;
      const { symbol, tone, words } = displayOf(task.status);
      const nowMs = shell.nowMs();
      print.line(
        `${toned(style, tone, symbol)} ${style.bold(safe(task.taskId))}  ${toned(style, tone, words)}  ${style.dim(safe(rejectionText(task.outcome?.failed) ?? task.statusReason ?? ""))}`.trimEnd(),
      );
      print.line("");
      print.facts([
        ["run", id],
        ["title", task.title],
        ["uses", task.uses === "" ? task.kind : task.uses],
        ["gang", task.gang],
        ["needs", task.needs.map(({ task: need = "" }) => need).join(", ")],
        ["child", task.child === undefined ? undefined : `${task.child.kind ?? ""} ${task.child.id}`],
        ["next", task.nextTimeMs === undefined ? undefined : printAge(task.nextTimeMs, nowMs)],
        ["sent back", (task.sentBack ?? 0) > 0 ? counted(task.sentBack ?? 0, "time") : undefined],
        ["question", question && (inboxText(question, nowMs) ?? questionText(question))],
        ["used", used === undefined ? undefined : usageText({ answers: turns.length, ...used })],
        ["cache", task.fromCache === true ? "copied from an earlier output" : undefined],
      ]);
      if (turns.length > 0) {
        print.line("");
        print.table(
          [
            { title: "answer", align: "right" },
            { title: "model", yields: 2, widthMin: 8 },
            { title: "tokens", align: "right" },
            { title: "took", align: "right" },
            { title: "text", yields: 1, widthMin: 16 },
          ],
          turns.map(turnRow),
        );
      }
      drawAttempts(context, id, task);
      print.section("input", task.input);
      const { outcome } = task;
      if (outcome !== undefined && "completed" in outcome) print.section("output", outcome.completed);
      const error = outcome?.failed ?? outcome?.cancelled;
      if (error !== undefined) print.lines(["", style.dim("error"), ...drawError(error, print)]);
    },
  };
}

function drawAttempts({ print, shell }: Context, id: string, task: Task): void {
  if (task.attempts.length === 0) return;
  const nowMs = shell.nowMs();
  print.line("");
  print.table(
    [
      { title: isFunction(task) ? "turn" : "attempt", align: "right" },
      { title: "started", widthMin: 12 },
      { title: "took", align: "right" },
      { title: "agent", yields: 2, widthMin: 8 },
      { title: "result", yields: 1, widthMin: 16 },
    ],
    task.attempts.map((attempt) => attemptRow(attempt, task.status, nowMs)),
  );
  const earlier = earlierTurns(task);
  if (earlier !== undefined)
    print.line(print.style.dim(`${earlier}: tutti history ${safe(id)} --task ${safe(task.taskId)}`));
}

/** Names turns without a row. A run keeps the latest turn and the failed ones, its history has all of them. */
export function earlierTurns(task: Pick<Task, "kind" | "attempts">): string | undefined {
  if (!isFunction(task)) return undefined;
  const last = Math.max(0, ...task.attempts.map(({ number = 0 }) => number));
  const missing = last - task.attempts.length;
  if (missing <= 0) return undefined;
  return `and ${counted(missing, "earlier turn")}`;
}

async function turnsOf(server: Server, id: string, task: string): Promise<readonly Turn[]> {
  const events: EventFacts[] = [];
  for await (const event of eventsOf(server, id)) events.push(eventOf(event));
  return trajectoriesOf(events).find((agent) => agent.task === task)?.turns ?? [];
}

function turnRow(
  { model, text, inputTokens, outputTokens, tookMs, error, calls }: Turn,
  at: number,
): Entry[] {
  const models = calls.map(callText).join(", ");
  return [
    String(at + 1),
    { text: model, tone: "dim" },
    error === "" ? `${inputTokens} + ${outputTokens}` : "",
    { text: printDurationMs(tookMs), tone: "dim" },
    error === "" ? { text: models === "" ? text : models, tone: "plain" } : { text: error, tone: "red" },
  ];
}

function callText({ name, input, received }: ToolCall): string {
  const [original, changed] = [JSON.stringify(input), JSON.stringify(received ?? input)];
  return `calls ${name} ${original}${changed === original ? "" : `, changed to ${changed}`}`;
}

async function questionOf(server: Server, id: string, task: string): Promise<Approval | undefined> {
  const open = await questionsOfRuns(server, id).catch(() => []);
  return open.find((each) => waitingWork(each).task === task);
}

export function attemptRow(attempt: Attempt, status: string, nowMs: number): Entry[] {
  const { number = 0, startTimeMs, queueTimeMs, endTimeMs, agentId = "", error, message = "" } = attempt;
  // The end time of a compensation is not known here.
  const isCompensation = attempt.compensation === true;
  const startMs = startTimeMs ?? queueTimeMs;
  const duration = startTimeMs === undefined ? "" : printDurationMs((endTimeMs ?? nowMs) - startTimeMs);
  return [
    String(number),
    { text: startMs === undefined ? "" : printClock(startMs), tone: "dim" },
    { text: duration, tone: "dim" },
    { text: agentId, tone: "dim" },
    error === undefined
      ? {
          text: isCompensation
            ? "compensation"
            : endTimeMs !== undefined
              ? "done"
              : openText(message, status),
          tone: isCompensation ? "dim" : endTimeMs === undefined ? "cyan" : "green",
        }
      : { text: error.message ?? error.code ?? "failed", tone: "red" },
  ];
}

/** An attempt that no agent has yet is in the queue of its pool. */
function openText(message: string, status: string): string {
  if (status === "queued") return "queued";
  // A function or an agent releases its worker meanwhile.
  if (status === "waiting") return "waits for its calls";
  return message === "" ? "running" : message;
}
