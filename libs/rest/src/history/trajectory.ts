/**
 * The trajectories of the agents of a run, read from its history: each answer of the model, and the results of its
 * calls.
 *
 * 1. A task is an agent if it has recorded its tools. Its answers are the steps `model` and `summary`.
 * 2. A task that an agent adds belongs to a call of its last answer: one of the same tool, with the same input if there
 *    is one. A person may have changed the input.
 */
import type { EventFacts } from "./event.ts";
import { answerSteps, toolSteps } from "./step-text.ts";
import { record as membersOf, number as numberOf, parsed } from "./values.ts";

export interface ToolCall {
  readonly name: string;
  /** Input as requested by the model. */
  readonly input: unknown;
  /** `result`: the call contains the result of the model. */
  readonly state: "not run" | "running" | "completed" | "failed" | "result";
  /** Task that executed it. Empty if none did. */
  readonly task: string;
  readonly startMs: number;
  /** 0 while it runs. */
  readonly endMs: number;
  /** Input that the tool received, if a task executed it. */
  readonly received: unknown;
  readonly output: unknown;
  readonly error: string;
}

export interface Turn {
  /** The recorded step: `model`, `model-2`, `summary`. */
  readonly step: string;
  readonly event: number;
  readonly model: string;
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Duration since the results that the model read. */
  readonly tookMs: number;
  /** Error of the model. Empty if it answered. */
  readonly error: string;
  readonly calls: readonly ToolCall[];
}

export interface Trajectory {
  /** Task of the agent. */
  readonly task: string;
  readonly turns: readonly Turn[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 if the models have no known price. */
  readonly usd: number;
  readonly startMs: number;
  /** 0 while it runs. */
  readonly endMs: number;
}

type Drafted<T> = { -readonly [Key in keyof T]: T[Key] };
type DraftedTurn = Drafted<Omit<Turn, "calls">> & { readonly calls: Drafted<ToolCall>[] };
interface Draft extends Drafted<Omit<Trajectory, "turns">> {
  readonly turns: DraftedTurn[];
  /** Time from which the model could produce its next answer. */
  sinceMs: number;
}

/** Returns one trajectory for each agent, in the order of their first step. `until` is the last event that counts. */
export function trajectoriesOf(
  events: readonly EventFacts[],
  until = Number.POSITIVE_INFINITY,
): readonly Trajectory[] {
  const reader = new Reader();
  for (const event of events) if (event.number <= until) reader.read(event);
  return [...reader.agents.values()];
}

const endings: ReadonlySet<string> = new Set(["task_completed", "task_failed", "child_refused"]);
const suffix = /^(-\d+)*$/;

class Reader {
  readonly agents = new Map<string, Draft>();
  /** Times at which tasks were first queued: only later events show which task is an agent. */
  readonly #queued = new Map<string, number>();
  /** Agents, by the tasks that they added. */
  readonly #owners = new Map<string, Draft>();
  readonly #calls = new Map<string, Drafted<ToolCall>>();
  /** Calls with a question to a person, by the task that asks. */
  readonly #questions = new Map<string, { readonly name: string; readonly input: unknown }>();
  /** Inputs that a person replaced. Only the decision in the history contains them. */
  readonly #changes: { readonly name: string; readonly from: string; readonly to: unknown }[] = [];

  read(event: EventFacts): void {
    const { type, task, details, timeMs } = event;
    if (type === "step_recorded") this.#step(event);
    else if (type === "tasks_added") {
      const agent = this.agents.get(task);
      if (agent !== undefined && Array.isArray(details["tasks"]))
        for (const id of details["tasks"]) this.#owners.set(String(id), agent);
    } else if (type === "task_queued" || type === "child_queued") {
      if (!this.#queued.has(task)) this.#queued.set(task, timeMs);
      this.#start(event);
    } else if (endings.has(type)) this.#finish(event);
    else if (type === "approval_asked" && this.#owners.has(task)) {
      const { tool, input } = membersOf(details["context"]);
      this.#questions.set(task, { name: String(tool ?? "").replace(/[^A-Za-z0-9_-]/g, "_"), input });
    } else if (type === "approval_decided") this.#decide(event);
  }

  #step({ task, details, timeMs, number }: EventFacts): void {
    const entry = membersOf(details["entry"]);
    const id = String(entry["id"] ?? "");
    const value = parsed(entry["json"]);
    const atMs = Date.parse(String(entry["atMs"] ?? "")) || timeMs;
    if (toolSteps.test(id) && Array.isArray(value) && !this.agents.has(task)) {
      const startMs = this.#queued.get(task) ?? atMs;
      const empty = { turns: [], inputTokens: 0, outputTokens: 0, usd: 0, endMs: 0 };
      this.agents.set(task, { task, startMs, sinceMs: atMs, ...empty });
    }
    const agent = this.agents.get(task);
    if (agent === undefined) return;
    if (id === "usage") agent.usd = numberOf(membersOf(value)["usd"]);
    else if (answerSteps.test(id)) {
      const turn = turnOf(value, {
        step: id,
        event: number,
        tookMs: Math.max(0, atMs - agent.sinceMs),
        error: errorOf(entry["error"]),
      });
      agent.turns.push(turn);
      agent.inputTokens += turn.inputTokens;
      agent.outputTokens += turn.outputTokens;
    }
    agent.sinceMs = atMs;
  }

  #decide({ task, details }: EventFacts): void {
    const question = this.#questions.get(task);
    const { input } = membersOf(membersOf(details["decision"])["data"]);
    if (question === undefined || input === undefined) return;
    this.#changes.push({ name: question.name, from: JSON.stringify(question.input), to: input });
  }

  #start({ task, details, timeMs }: EventFacts): void {
    const owner = this.#owners.get(task);
    if (owner === undefined || this.#calls.has(task)) return;
    const open = (owner.turns.at(-1)?.calls ?? []).filter(
      (call) => call.task === "" && task.startsWith(call.name) && suffix.test(task.slice(call.name.length)),
    );
    const input = JSON.stringify(details["input"]);
    const call = open.find((each) => JSON.stringify(each.input) === input) ?? open[0];
    if (call === undefined) return;
    const question = JSON.stringify(call.input);
    const at = this.#changes.findIndex(({ name, from }) => name === call.name && from === question);
    const [change] = at < 0 ? [] : this.#changes.splice(at, 1);
    const received = details["input"] ?? change?.to ?? call.input;
    Object.assign(call, { task, startMs: timeMs, state: "running", received });
    this.#calls.set(task, call);
  }

  #finish({ type, task, details, timeMs }: EventFacts): void {
    const agent = this.agents.get(task);
    if (agent !== undefined) {
      agent.endMs = timeMs;
      const answerCall = agent.turns
        .at(-1)
        ?.calls.find(({ name, task: by }) => name === "answer" && by === "");
      if (answerCall !== undefined && type === "task_completed") answerCall.state = "result";
    }
    const owner = this.#owners.get(task);
    if (owner !== undefined) owner.sinceMs = Math.max(owner.sinceMs, timeMs);
    const call = this.#calls.get(task);
    if (call === undefined) {
      // If a capability of a worker serves as a model, its answer is the output of a task.
      if (owner === undefined || type !== "task_completed" || !answerSteps.test(task)) return;
      const startMs = this.#queued.get(task) ?? timeMs;
      owner.turns.push(
        turnOf(details["output"], { step: task, event: 0, tookMs: timeMs - startMs, error: "" }),
      );
      return;
    }
    call.endMs = timeMs;
    call.state = type === "task_completed" ? "completed" : "failed";
    call.output = details["output"] ?? null;
    call.error = errorOf(details["error"]);
  }
}

function turnOf(reply: unknown, known: Pick<Turn, "step" | "event" | "tookMs" | "error">): DraftedTurn {
  const { parts, model, inputTokens, outputTokens } = membersOf(reply);
  const list = (Array.isArray(parts) ? parts : [{ text: typeof reply === "string" ? reply : "" }]).map(
    membersOf,
  );
  return {
    ...known,
    model: String(model ?? ""),
    text: list.map(({ text }) => (typeof text === "string" ? text : "")).join(""),
    inputTokens: numberOf(inputTokens),
    outputTokens: numberOf(outputTokens),
    calls: list.flatMap(({ call }) => (call === undefined ? [] : [callOf(membersOf(call))])),
  };
}

function callOf({ name, input = null, malformed }: ReturnType<typeof membersOf>): Drafted<ToolCall> {
  return {
    name: String(name ?? ""),
    input: malformed ?? input,
    state: "not run",
    task: "",
    startMs: 0,
    endMs: 0,
    received: undefined,
    output: undefined,
    error: "",
  };
}

function errorOf(value: unknown): string {
  const { code, message } = membersOf(value);
  return [code, message].filter((each) => typeof each === "string" && each !== "").join(": ");
}
