/** Events of a run as text, for the CLI and the dashboard. */
import { counted, durationText, utcOf } from "@tutti/kernel/words";
import type { EventFacts } from "./event.ts";
import { questionText } from "./question.ts";
import { stepText } from "./step-text.ts";
import { names, number, record, text } from "./values.ts";

const dataLengthMax = 200;

type Details = EventFacts["details"];
type EventFormatter = (details: Details, event: EventFacts) => string;

const plain =
  (text: string): EventFormatter =>
  () =>
    text;

/** The subject of each sentence is the task or the run. */
const sentences: Readonly<Record<string, EventFormatter>> = {
  run_started: ({ order }) => {
    const definition = text(record(order)["definition"]);
    return definition === "" ? "was started" : `was started: ${definition}`;
  },
  run_begun: plain("began"),
  run_limit_held: ({ limit }) => `has the limit ${text(limit)}`,
  run_limit_lost: ({ limit }) => `no longer holds the limit ${text(limit)}`,
  run_limit_asked: ({ limit }) => `requested the limit ${text(limit)}`,
  run_paused: ({ reason }) => because("was paused", reason),
  run_resumed: ({ reason }) => because("was resumed", reason),
  run_labelled: plain("has other labels, priority or due time"),
  run_put_off: plain("reached its step limit and continues"),
  run_stopped: ({ error }) => failing("was stopped", error),
  run_completed: plain("completed"),
  run_failed: ({ error }) => failing("failed", error),
  run_cancelled: ({ error }) => failing("was cancelled", error),
  run_terminated: ({ error }) => failing("was terminated", error),
  run_continued: ({ nextId }) => `continued as ${text(nextId)}`,
  run_retried: ({ tasks, reason }) => because(`was retried from ${names(tasks)}`, reason),
  run_reset: ({ toEvent, reason }) => because(`was reset to event ${text(toEvent)}`, reason),
  run_withdrawn: ({ error }) => failing("was dropped before its start", error),
  run_removed: ({ reason }) => because("was removed", reason),
  task_queued: ({ attempt }) => `waits for a worker${nth(attempt)}`,
  attempt_queued: ({ attempt }) => `waits for a worker again${nth(attempt)}`,
  attempt_started: ({ agent }) => `runs on ${text(agent)}`,
  model_calls_noted: ({ calls }) => `asked ${modelsIn(calls)}`,
  progress_saved: ({ fraction, message }) => progress(fraction, message),
  attempt_failed: ({ attempt, error, retryMs }, { timeMs }) =>
    `${failing(`failed in attempt ${text(attempt)}`, error)}${nextAttemptText(retryMs, timeMs)}`,
  offer_returned: ({ message, lost, agent, retryMs }, { timeMs }) =>
    `${lost === true ? `lost its worker ${text(agent)}`.trimEnd() : "was returned"}${text(message) === "" ? "" : `: ${text(message)}`}${nextAttemptText(retryMs, timeMs)}`,
  task_held: plain("is due and waits, because the run is paused"),
  task_completed: ({ agent, fromCache }) =>
    fromCache === true ? "has its output from the cache" : by("completed", agent),
  task_failed: ({ error, agent }) => failing(by("failed", agent), error),
  task_skipped: plain("was skipped: its condition does not hold"),
  task_cancelled: ({ error }) => failing("was cancelled", error),
  task_paused: ({ error }) => failing("waits for a person", error),
  task_resumed: ({ reason }) => because("resumed", reason),
  task_repaired: ({ status, reason }) => because(`was repaired manually: ${enumText(status)}`, reason),
  entries_begun: ({ count }) => `runs for each of ${counted(Number(count ?? 0), "entry", "entries")}`,
  round_begun: ({ round }) => `started round ${text(round ?? 1)}`,
  round_ended: ({ round }) => `ended round ${text(round ?? 1)}`,
  task_waiting: ({ signal, dueMs }) => waits(signal, dueMs),
  signal_received: ({ signal }) => `received the ${awaited(record(signal)["signal"])}`,
  signal_taken: plain("has what it waited for"),
  update_taken: ({ update }) => `was changed by ${text(update)}`,
  approval_asked: ({ title, message, context }) =>
    `requests an approval: ${questionText({ title: text(title), message: text(message), context })}`,
  approval_claimed: ({ claim }) => `is claimed by ${text(record(claim)["person"])}`,
  approval_delegated: ({ delegation }) =>
    `${text(record(delegation)["person"])} delegated it to ${names(record(delegation)["people"])}`,
  approval_released: ({ person }) => `is no longer claimed by ${text(person)}`,
  approval_decided: ({ decision, verdict }) => decided(record(decision), verdict),
  work_sent_back: ({ target, checks }) =>
    `sent ${text(target)} back${Array.isArray(checks) && checks.length > 0 ? `: ${names(checks)}` : ""}`,
  step_recorded: ({ entry }) => stepText(entry),
  function_turned: plain("waits for its calls"),
  function_woken: plain("continues: a call has ended"),
  tasks_added: ({ tasks }) => `has new tasks: ${names(tasks)}`,
  tasks_withdrawn: ({ tasks }) => `moved tasks away: ${names(tasks)}`,
  child_queued: ({ childId }) => `starts the run ${text(childId)}`,
  child_started: plain("waits for its running child"),
  cache_asked: plain("requested its output from the cache"),
  cache_awaited: plain("waits for another task that computes its output"),
  undo_queued: plain("is being compensated"),
  undo_completed: ({ agent }) => by("was compensated", agent),
  undo_failed: ({ error }) => failing("could not be compensated", error),
  state_entered: ({ state }) => `entered the state ${text(state)}`,
  transition_taken: ({ to, way }) =>
    `${text(to) === "" ? "stays in its state" : `goes to ${text(to)}`}${text(way) === "" ? "" : ` (${text(way)})`}`,
  actions_begun: plain("runs the actions of the transition"),
  state_time_passed: plain("reached a time of its state"),
};

/** Returns the text of an event in one line, without its subject. */
export function eventText(event: EventFacts): string {
  return sentences[event.type]?.(event.details, event) ?? event.type.replaceAll("_", " ");
}

/** Returns `run`, or the task. */
export function subjectOf({ task }: Pick<EventFacts, "task">): string {
  return task === "" ? "run" : task;
}

/** Returns the actor: people and agents by name. Automatic steps belong to the platform. */
export function actorOf({ actor, details }: Pick<EventFacts, "actor" | "details">): string {
  const agent = text(details["agent"]);
  if (actor === undefined) return agent;
  if (actor.kind === "service") return agent === "" ? "tutti" : agent;
  return actor.id;
}

function enumText(value: unknown): string {
  return text(value)
    .replace(/^[A-Z]+(_STATUS)?_/, "")
    .toLowerCase();
}

/** Returns each model once, with the number of calls and its tokens: `gpt-5 2 times (10 + 5 tokens)`. */
function modelsIn(modelCalls: unknown): string {
  const models = new Map<string, { times: number; input: number; output: number }>();
  const { calls } = record(modelCalls);
  for (const call of Array.isArray(calls) ? calls.map(record) : []) {
    const model = text(call["requestModel"]) || "a model";
    const { times, input, output } = models.get(model) ?? { times: 0, input: 0, output: 0 };
    models.set(model, {
      times: times + 1,
      input: input + number(call["inputTokens"]),
      output: output + number(call["outputTokens"]),
    });
  }
  return [...models]
    .map(([model, { times, input, output }]) => {
      const often = times > 1 ? ` ${times} times` : "";
      return `${model}${often}${input + output > 0 ? ` (${input} + ${output} tokens)` : ""}`;
    })
    .join(", ");
}

function jsonOf(value: unknown): string {
  const json = JSON.stringify(value) ?? "";
  return json.length > dataLengthMax ? `${json.slice(0, dataLengthMax)}…` : json;
}

function because(sentence: string, reason: unknown): string {
  return text(reason) === "" ? sentence : `${sentence}: ${text(reason)}`;
}

function failing(sentence: string, error: unknown): string {
  const { code, message } = record(error);
  if (text(code) === "" && text(message) === "") return sentence;
  return text(message) === "" ? `${sentence}: ${text(code)}` : `${sentence}: ${text(message)}`;
}

function by(sentence: string, agent: unknown): string {
  return text(agent) === "" ? sentence : `${sentence} by ${text(agent)}`;
}

function nth(attempt: unknown): string {
  return Number(attempt ?? 1) > 1 ? ` (attempt ${text(attempt)})` : "";
}

function progress(fraction: unknown, message: unknown): string {
  const share = Number(fraction ?? 0) > 0 ? `${Math.round(Number(fraction) * 100)} %` : "";
  const progressText = [share, text(message)].filter((each) => each !== "").join(", ");
  return progressText === "" ? "saved its progress" : `progress: ${progressText}`;
}

/** Formats the time of the next attempt, relative to the event. */
function nextAttemptText(time: unknown, timeMs: number): string {
  const atMs = typeof time === "string" ? Date.parse(time) : Number(time ?? 0);
  return atMs > timeMs ? `. Next attempt after ${durationText(atMs - timeMs)}` : "";
}

function waits(signal: unknown, due: unknown): string {
  const until = text(due) === "" || text(due) === "0" ? "" : ` until ${momentOf(due)}`;
  return text(signal) === ""
    ? `waits${until}`
    : `waits for the ${awaited(signal)}${until === "" ? "" : `, at most${until}`}`;
}

/** Returns the name of a signal, or of an event: `event:shop.paid`. */
function awaited(signal: unknown): string {
  const name = text(signal);
  return name.startsWith("event:") ? `event ${name.slice("event:".length)}` : `signal ${name}`;
}

function momentOf(due: unknown): string {
  const ms = new Date(typeof due === "number" ? due : text(due)).getTime();
  return Number.isNaN(ms) ? text(due) : utcOf(ms);
}

function decided(decision: Readonly<Record<string, unknown>>, verdict: unknown): string {
  const cause = record(decision["cause"]);
  const actor = text(record(cause["actor"])["id"]);
  const verdictText = enumText(decision["verdict"] ?? verdict) || "decided";
  const data = Object.entries(record(decision["data"])).map(([name, value]) => `${name} ${jsonOf(value)}`);
  const form = data.length === 0 ? "" : ` with ${data.join(", ")}`;
  return because(`${verdictText}${form}${actor === "" ? "" : ` by ${actor}`}`, cause["reason"]);
}
