/**
 * Recorded runs of agents, and their replay: the model answers as recorded, the tools return the recorded results,
 * and people decide as recorded. No model is paid for, and no tool runs.
 */
import { type AgentDocument, validateAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { evaluateCondition } from "../agents/conditions.ts";
import { callsOf, type ModelReply } from "../agents/conversation.ts";
import { type AgentsOptions, agents } from "../agents/index.ts";
import type { Catalogue, Tool } from "../agents/tools.ts";
import { TaskFailure } from "../task/failure.ts";
import type { Worker } from "../worker/worker.ts";
import { WorkflowTestError } from "./fault.ts";
import { answerSteps, scriptedReply, toolSteps } from "./recorded-replies.ts";
import type { TestRun } from "./run.ts";
import { ScriptedModel, type ScriptedReply } from "./scripted-model.ts";
import { testWorkflow } from "./workflow-test.ts";

/** An event from `run.events()` of the client or `GET /v1/runs/{id}/history`. */
export interface RecordedAgentEvent {
  readonly type: string;
  readonly task: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A call of a tool that a task did. */
export interface RecordedCall {
  readonly task: string;
  /** The capability or the workflow. */
  readonly target: string;
  readonly kind: "call" | "child";
  /** Number of the model's answer that requested it, from 0. */
  readonly answer: number;
  /** Input of the tool. */
  readonly input: Json;
  readonly output?: Json;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RecordedDecision {
  readonly target: string;
  /** Input that the agent requested. */
  readonly input: Json;
  readonly approved: boolean;
  readonly data: Json;
  readonly reason: string;
}

export interface AgentRecording {
  readonly run: string;
  readonly task: string;
  /** The input of the run. */
  readonly input: Json;
  /** The agent with its templates filled in. */
  readonly agent: AgentDocument;
  readonly tools: readonly Pick<Tool, "kind" | "target" | "description" | "inputSchema">[];
  readonly replies: readonly ScriptedReply[];
  readonly calls: readonly RecordedCall[];
  readonly decisions: readonly RecordedDecision[];
  /** Replies of the capability of `guard`, by task. */
  readonly guards?: Readonly<Record<string, Json>>;
  /** Undefined if the agent did not complete. */
  readonly output?: Json;
}

export interface ReplayedAgent {
  /** Whether it made the same calls and gave the same output. */
  readonly same: boolean;
  readonly output?: Json;
  /** Why it failed. Empty if it completed. */
  readonly error: string;
  /** Calls of the recording that it did not make, and calls that the recording does not have. */
  readonly missing: readonly string[];
  readonly added: readonly string[];
  /** Tokens that the recorded run was charged for. This replay was charged for none. */
  readonly tokens: number;
}

const guardTask = /^guard-(in|out)put$/;

type Drafted<T> = { -readonly [Key in keyof T]: T[Key] };

/** Reads what an agent did. Names its task if the run has several agents. */
export function recordingOf(
  run: string,
  events: readonly RecordedAgentEvent[],
  task?: string,
): AgentRecording {
  const steps = events.filter(({ type }) => type === "step_recorded");
  const names = [...new Set(steps.flatMap((event) => (entryOf(event).id === "tools" ? [event.task] : [])))];
  const taskName = task ?? names[0];
  if (taskName === undefined || !names.includes(taskName) || (task === undefined && names.length > 1)) {
    const found =
      names.length === 0
        ? "has no recorded agent"
        : `has agents in the tasks ${names.join(", ")}: name one of them`;
    throw new WorkflowTestError(`Run \`${run}\` ${found}.`);
  }
  const started = events.find(({ type }) => type === "run_started")?.details["order"] as { input?: Json };
  const queued = events.find(({ type, task: id }) => type === "task_queued" && id === taskName);
  const own = steps.filter((event) => event.task === taskName).map(entryOf);
  const tools = own.flatMap(({ id, json }) =>
    toolSteps.test(id) && json !== undefined ? (JSON.parse(json) as Tool[]) : [],
  );
  const agent = (queued?.details["input"] ?? {}) as AgentDocument;
  const reader = new CallReader(taskName, agent, tools);
  for (const event of events) reader.read(event);
  const ended = events.findLast(({ type, task: id }) => type === "task_completed" && id === taskName);
  return {
    ...{ run, task: taskName, input: started?.input ?? null },
    agent,
    tools: tools.map(({ kind, target, description, inputSchema }) => ({
      ...{ kind, target, description, inputSchema },
    })),
    replies: own.flatMap(({ id, json, error }) =>
      answerSteps.test(id) && error === undefined && json !== undefined ? [scriptedReply(json)] : [],
    ),
    ...{ calls: reader.calls, decisions: reader.decisions },
    ...(Object.keys(reader.guards).length > 0 && { guards: reader.guards }),
    ...(ended !== undefined && { output: (ended.details["output"] ?? null) as Json }),
  };
}

/** Plays a recorded agent again, with changes to it: other instructions, tools, guards or conditions. */
export async function replayAgent(
  recording: AgentRecording,
  changes: Partial<AgentDocument> = {},
): Promise<ReplayedAgent> {
  // The recorded answers do not depend on what the agent reads first, and no worker reads it again.
  const agent = { ...(literal(recording.agent as unknown as Json) as object), ...changes, context: [] };
  const definition = {
    workflow: "replay",
    tasks: { answer: { agent, retry: 1 } },
    output: "${{ tasks.answer.output }}",
  };
  const { run, calls } = await playRecorded(definition, recording, recording.replies);
  const failure = await run.failure();
  const error = failure === undefined ? "" : `${failure.code}: ${failure.message}`;
  const before = recording.calls.map(printCall);
  const now = calls.map(printCall);
  const [missing, added] = [without(before, now), without(now, before)];
  const output = error === "" ? ((await run.result()) as Json) : undefined;
  const isSameOutput = equal(output, recording.output);
  return {
    same: isSameOutput && missing.length + added.length === 0,
    ...(output !== undefined && { output }),
    ...{ error, missing, added, tokens: tokensOf(recording) },
  };
}

export interface PlayedRecording {
  readonly run: TestRun<unknown>;
  readonly calls: readonly Pick<RecordedCall, "target" | "input">[];
}

/** Runs a definition with the tools, the people and the model of a recording, to its end. */
export async function playRecorded(
  definition: object,
  recording: AgentRecording,
  replies: readonly ScriptedReply[],
): Promise<PlayedRecording> {
  const played: Pick<RecordedCall, "target" | "input">[] = [];
  const remaining = [...recording.calls];
  const answer = (target: string, input: Json): Json => {
    played.push({ target, input });
    const at = remaining.findIndex((call) => call.target === target && equal(call.input, input));
    const [call] = at < 0 ? [] : remaining.splice(at, 1);
    const failed = call === undefined ? missing(target, input) : call.error;
    if (failed !== undefined) throw new TaskFailure(failed.code, failed.message, { final: true });
    return call?.output ?? null;
  };
  const targets = (kind: Tool["kind"]) => [
    ...new Set(recording.tools.filter((tool) => tool.kind === kind).map(({ target }) => target)),
  ];
  const childTask = (target: string) => `recorded.${target}`;
  const guard = recording.agent.guard?.uses;
  const verdict = ({ side }: { readonly side: string }) => recording.guards?.[`guard-${side}`] ?? null;
  const handlers = Object.fromEntries([
    ...(guard === undefined ? [] : [[guard, verdict] as const]),
    ...targets("call").map((target) => [target, (input: Json) => answer(target, input)] as const),
    ...targets("child").map((target) => [childTask(target), (input: Json) => answer(target, input)] as const),
  ]);
  const children = targets("child").map((workflow) => ({
    ...{ workflow, output: "${{ tasks.call.output }}" },
    tasks: { call: { uses: childTask(workflow), with: "${{ input }}", retry: 1 } },
  }));
  const runner = agents(recordedModels(recording), { fetch: new ScriptedModel(replies).fetch });
  const join = (worker: Worker) => void worker.durable(runner);
  const test = testWorkflow(definition as never, {
    ...{ handlers: [handlers as never, join], children: children as never, patienceMs: 60_000 },
  });
  const run = await test.start({ input: recording.input as never });
  const decisions = [...recording.decisions];
  for (;;) {
    await run.until(({ hasEnded, questions }) => hasEnded || questions.length > 0);
    const [question] = run.questions;
    if (question === undefined) break;
    const { tool: target } = question.context as { readonly tool?: string };
    const at = decisions.findIndex((decision) => decision.target === target);
    const [decision] = at < 0 ? [] : decisions.splice(at, 1);
    if (decision?.approved === true)
      await run.approve(question.task, decision.data === null ? {} : { data: decision.data });
    else await run.reject(question.task, { reason: decision?.reason ?? "the recording has no decision" });
  }
  return { run, calls: played };
}

/**
 * The tools of recorded agents, for `compareAgents`: each returns the recorded result for the same input. A call
 * without a recording fails, and the model reads the failure.
 */
export function recordedTools(recordings: readonly AgentRecording[]) {
  const calls = recordings.flatMap((recording) => recording.calls).filter(({ kind }) => kind === "call");
  const tools = recordings.flatMap((recording) => recording.tools).filter(({ kind }) => kind === "call");
  const offered = [...new Map(tools.map((tool) => [tool.target, tool])).values()];
  const answer = (target: string, input: Json): Json => {
    const call = calls.find((each) => each.target === target && equal(each.input, input));
    if (call?.output !== undefined) return call.output;
    const failed = call?.error ?? missing(target, input);
    throw new TaskFailure(failed.code, failed.message, { final: true });
  };
  return {
    handlers: Object.fromEntries(
      offered.map(({ target }) => [target, (input: Json) => answer(target, input)]),
    ),
    catalogue: {
      capabilities: async () =>
        offered.map(({ target, description, inputSchema }) => ({ name: target, description, inputSchema })),
      workflow: async () => undefined,
    } satisfies Catalogue,
  };
}

function missing(target: string, input: Json): NonNullable<RecordedCall["error"]> {
  const message = `No recording has the call of \`${target}\` with ${JSON.stringify(input)}.`;
  return { code: "recording.missing", message };
}

/** The models of a recording cost nothing when they are played again. */
function recordedModels({ agent, tools }: AgentRecording): AgentsOptions {
  const named = [agent, ...Object.values(agent.handoffs ?? {})].flatMap(({ model, fallback = [] }) => [
    ...(model === undefined ? [] : [model]),
    ...fallback,
  ]);
  if (named.some((model) => model.startsWith("uses:")))
    throw new WorkflowTestError(
      "expected the recording of an agent whose model is a provider's, got a capability",
    );
  const parts = named.map(
    (model) => [model.split(":")[0] ?? "", model.slice(model.indexOf(":") + 1)] as const,
  );
  const offered = (kind: Tool["kind"]) =>
    tools
      .filter((tool) => tool.kind === kind)
      .map(({ target, description, inputSchema }) => ({ name: target, description, inputSchema }));
  return {
    providers: Object.fromEntries(
      parts.map(([provider]) => [provider, { speaks: "messages", url: "http://recorded.test" } as const]),
    ),
    prices: Object.fromEntries(parts.map(([, model]) => [model, { input: 0, output: 0 }])),
    catalogue: {
      capabilities: async () => offered("call"),
      workflow: async (name) => offered("child").find((tool) => tool.name === name),
    },
  };
}

/**
 * Collects the calls of an agent with their results, and the decisions about them. A history has the input of such a
 * task only in the answer that requested it, or in the decision that changed it.
 */
class CallReader {
  readonly calls: Drafted<RecordedCall>[] = [];
  readonly decisions: RecordedDecision[] = [];
  readonly guards: Record<string, Json> = {};
  readonly #agent: { readonly task: string } & Pick<AgentDocument, "deny">;
  readonly #tools: readonly Tool[];
  readonly #owned = new Set<string>();
  readonly #questions = new Map<string, { readonly target: string; readonly input: Json }>();
  /** Calls of the last answer that no task has done. */
  #open: { readonly name: string; readonly input: Json }[] = [];
  /** Inputs that a person gave, by tool. */
  readonly #changed = new Map<string, Json[]>();
  #answers = 0;

  constructor(task: string, { deny = false }: Pick<AgentDocument, "deny">, tools: readonly Tool[]) {
    this.#agent = { task, deny };
    this.#tools = tools;
  }

  read(event: RecordedAgentEvent): void {
    const { type, task, details } = event;
    if (task === this.#agent.task) this.#answered(event);
    else if (!this.#owned.has(task)) return;
    else if (type === "task_queued" || type === "child_queued") this.#started(task, details["input"] as Json);
    else if (type === "approval_asked") {
      const { tool: target, input } = details["context"] as { readonly tool: string; readonly input: Json };
      this.#questions.set(task, { target, input });
    } else if (type === "approval_decided") this.#decided(task, details["decision"] as Decision);
    else if (type === "task_completed" && guardTask.test(task))
      this.guards[task] = (details["output"] ?? null) as Json;
    else if (type === "task_completed" || type === "task_failed" || type === "child_refused") {
      const call = this.calls.find((each) => each.task === task);
      if (call === undefined) return;
      if (type === "task_completed") call.output = (details["output"] ?? null) as Json;
      else call.error = details["error"] as { readonly code: string; readonly message: string };
    }
  }

  #answered(event: RecordedAgentEvent): void {
    if (event.type === "tasks_added")
      for (const id of event.details["tasks"] as string[]) this.#owned.add(id);
    if (event.type !== "step_recorded") return;
    const { id, json, error } = entryOf(event);
    if (!answerSteps.test(id) || json === undefined || error !== undefined) return;
    this.#answers += 1;
    this.#open = callsOf((JSON.parse(json) as ModelReply).parts).filter(
      (call) => call.malformed === undefined && this.#isRun(call),
    );
  }

  /** Calls that are not run have no task. */
  #isRun({ name, input }: { readonly name: string; readonly input: Json }): boolean {
    const tool = this.#tools.find((each) => each.name === name);
    if (tool === undefined || validateAgainst(tool.inputSchema, input).violations.length > 0) return false;
    return evaluateCondition(this.#agent.deny ?? false, { call: { name: tool.target, input } }) === false;
  }

  #started(task: string, startInput: Json | undefined): void {
    if (this.calls.some((each) => each.task === task)) return;
    const tool = this.#tools.find(({ name }) => task === name || task.replace(/(-\d+)+$/, "") === name);
    if (tool === undefined || (tool.kind !== "call" && tool.kind !== "child")) return;
    const { target, kind, name } = tool;
    const at = this.#open.findIndex((call) => call.name === name);
    const [openQuestion] = at < 0 ? [] : this.#open.splice(at, 1);
    const input = this.#changed.get(target)?.shift() ?? startInput ?? openQuestion?.input ?? null;
    this.calls.push({ task, target, kind, answer: Math.max(0, this.#answers - 1), input });
  }

  #decided(task: string, { verdict, data = null, reason = "" }: Decision): void {
    const openQuestion = this.#questions.get(task);
    if (openQuestion === undefined) return;
    const approved = /approved$/i.test(verdict);
    this.decisions.push({ ...openQuestion, approved, data, reason });
    const { input } = (data ?? {}) as { readonly input?: Json };
    if (approved && input !== undefined)
      this.#changed.set(openQuestion.target, [...(this.#changed.get(openQuestion.target) ?? []), input]);
  }
}

/** Returns a value whose texts are no templates in a definition. */
export function literal(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("${{", "$$${{");
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, literal(member as Json)]));
}

interface Decision {
  readonly verdict: string;
  readonly data?: Json;
  readonly reason?: string;
}

function entryOf({ details }: RecordedAgentEvent) {
  return (details["entry"] ?? { id: "" }) as {
    readonly id: string;
    readonly json?: string;
    readonly error?: unknown;
  };
}

/** Returns the tokens of the recorded answers. */
function tokensOf({ replies }: AgentRecording): number {
  return replies.reduce((sum, reply) => {
    const { inputTokens = 0, outputTokens = 0 } = reply as {
      readonly inputTokens?: number;
      readonly outputTokens?: number;
    };
    return sum + inputTokens + outputTokens;
  }, 0);
}

export function printCall({ target, input }: Pick<RecordedCall, "target" | "input">): string {
  return `${target} ${JSON.stringify(sorted(input))}`;
}

/** The members of a list that another one does not have, each as often. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const rest = [...other];
  return list.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

export function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
