/**
 * The operations of the protocol, over the routes of REST.
 *
 * 1. Every operation goes through the rpcs of REST in the name of the caller: their checks of access are the only ones.
 * 2. The server keeps nothing. A task is a run, found by its id.
 * 3. The same message of the same caller takes effect once. The id of the run follows from the id of the message that
 *    starts it. The run records the ids of later messages, as the keys of their signals and decisions.
 * 4. A client that disconnects does not end the run. `CancelTask` does.
 */
import { createHash } from "node:crypto";
import { type Clock, isTuttiError, type TuttiError } from "@tutti/kernel";
import type { Definition, Run, RunEvent } from "@tutti/rest/types";
import { answeredRuns, openQuestions, QuestionPolling } from "../calls/related-questions.ts";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import { isTool } from "../mcp/workflow-tools.ts";
import { type AgentAddress, type CardParts, extendedCard, workflowCard } from "./card.ts";
import {
  askingRunIn,
  budgetOf,
  decisionOf,
  inputOf,
  payloadOf,
  signalIn,
  skillIn,
  unsupported,
} from "./messages.ts";
import {
  A2aError,
  booleanIn,
  integerIn,
  invalid,
  type Json,
  type Message,
  messageIn,
  objectIn,
  requireOutputModes,
  textIn,
} from "./protocol.ts";
import type { PushOperations, PushTarget } from "./push/push-operations.ts";
import { pushLabels } from "./push/push-runs.ts";
import { questionOf, taskRun } from "./task-reads.ts";
import {
  artifactsOf,
  contextLabel,
  contextOf,
  hasEnded,
  historyOf,
  isTaskState,
  messageLabel,
  type Question,
  stateOf,
  statusesOf,
  statusOf,
  taskOf,
} from "./tasks.ts";

/** One request, and what its answer needs to know. */
export interface A2aCall {
  readonly method: string;
  readonly params: Json;
  readonly context: RequestContext;
  readonly address: AgentAddress;
  readonly namespace: string;
  readonly card: CardParts;
}

/** An answer in one piece, or one by one. Undefined among them is a heartbeat. */
export type A2aAnswer = Json | AsyncGenerator<Json | undefined, void>;

interface A2aServerParts {
  readonly calls: RouteCalls;
  readonly push: PushOperations;
  readonly clock: Pick<Clock, "monotonic">;
}

interface Snapshot {
  readonly run: Run;
  readonly question: Question | undefined;
}

const pollMs = 10_000;
/** A client waits for at most this long. A round ends with each event, so the number of rounds says nothing about time. */
const followMaxMs = 3_600_000;
const historyMax = 1_000_000;
const eventsSize = "1000";
const eventPagesMax = 5;
const pageSizeDefault = 50;
const pageSizeMax = 100;
const skillPagesMax = 10;

type Operation = (server: A2aServer, call: A2aCall) => Promise<A2aAnswer>;

export class A2aServer {
  readonly #calls: RouteCalls;
  readonly #push: PushOperations;
  readonly #clock: Pick<Clock, "monotonic">;

  constructor({ calls, push, clock }: A2aServerParts) {
    this.#calls = calls;
    this.#push = push;
    this.#clock = clock;
  }

  async handleCall(call: A2aCall): Promise<A2aAnswer> {
    const operation = operations.get(call.method);
    if (operation === undefined) throw new A2aError("METHOD_NOT_FOUND", "Method not found");
    try {
      return await operation(this, call);
    } catch (error) {
      throw isTuttiError(error) ? refused(error) : error;
    }
  }

  async send(call: A2aCall): Promise<Json> {
    const configuration = objectIn(call.params["configuration"]);
    const isImmediate = booleanIn(configuration, "returnImmediately");
    const length = lengthIn(configuration);
    const run = await this.#accept(call);
    let last: Snapshot = { run, question: undefined };
    for await (const snapshot of this.#follow(call, run)) {
      last = snapshot;
      if (isImmediate || snapshot.question !== undefined) break;
    }
    return { task: await this.#task(call, last, length) };
  }

  async sendAndStream(call: A2aCall): Promise<A2aAnswer> {
    const length = lengthIn(objectIn(call.params["configuration"]));
    return this.#stream(call, await this.#accept(call), { length, untilQuestion: true });
  }

  async get(call: A2aCall): Promise<Json> {
    const length = lengthIn(call.params);
    const run = await this.#run(call, textIn(call.params, "id"));
    return this.#task(call, { run, question: await this.#question(call, run) }, length);
  }

  async cancel(call: A2aCall): Promise<Json> {
    const { context, namespace, params } = call;
    const run = await this.#run(call, textIn(params, "id"));
    if (hasEnded(run))
      throw new A2aError("TASK_NOT_CANCELABLE", `Task ${run.runId} has ended: it cannot be cancelled`);
    const parts = { params: { id: run.runId }, query: { namespace }, body: { reason: "cancelled over A2A" } };
    const cancelled = await this.#calls.call("runs.cancel", context, parts);
    return this.#task(call, { run: cancelled, question: undefined }, 0);
  }

  async subscribe(call: A2aCall): Promise<A2aAnswer> {
    const run = await this.#run(call, textIn(call.params, "id"));
    if (hasEnded(run)) throw unsupported(`Task ${run.runId} has ended: get it instead`);
    return this.#stream(call, run, { length: undefined, untilQuestion: false });
  }

  async list(call: A2aCall): Promise<Json> {
    const { context, namespace, address, params } = call;
    const state = textIn(params, "status");
    if (state !== "" && state !== "TASK_STATE_UNSPECIFIED" && !isTaskState(state))
      throw invalid("status", "expected a state of tasks, such as TASK_STATE_WORKING");
    const size = integerIn(params, "pageSize", 1, pageSizeMax) ?? pageSizeDefault;
    const length = integerIn(params, "historyLength", 0, historyMax) ?? 0;
    const hasArtifacts = booleanIn(params, "includeArtifacts");
    const afterMs = timeIn(params);
    const isAny = state === "" || state === "TASK_STATE_UNSPECIFIED";
    const statuses = isAny ? [] : statusesOf(state);
    const emptyPage = { tasks: [], nextPageToken: "", pageSize: 0, totalSize: 0 };
    if (statuses === undefined) return emptyPage;
    const contextId = textIn(params, "contextId");
    const ofEnded = ["TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED"].includes(state);
    const filter = {
      namespace,
      status: statuses,
      definition: address.workflow,
      rootsOnly: "true",
      label: [`!${pushLabels.task}`, ...(contextId === "" ? [] : [`${contextLabel}=${contextId}`])],
      ...(afterMs !== undefined && { [ofEnded ? "endedFromMs" : "createdFromMs"]: String(afterMs) }),
    };
    const token = textIn(params, "pageToken") || undefined;
    const page = { query: { ...filter, size: String(size), token } };
    const { runs, nextToken = "" } = await this.#calls.call("runs.list", context, page);
    const { counts } = await this.#calls.call("runs.count", context, { query: { ...filter, by: "status" } });
    const read = async ({ runId }: Run): Promise<Json | undefined> => {
      // Listed runs have no payloads.
      const run = await this.#calls.call("runs.get", context, {
        params: { id: runId },
        query: { namespace },
      });
      const question = await this.#question(call, run);
      if (!isAny && stateOf(run, question) !== state) return undefined;
      return this.#task(call, { run, question }, length, hasArtifacts);
    };
    const tasks = (await Promise.all(runs.map(read))).filter((task) => task !== undefined);
    const totalSize = counts.reduce((sum, { count = 0 }) => sum + count, 0);
    return { tasks, nextPageToken: nextToken, pageSize: tasks.length, totalSize };
  }

  /** Returns the card of the agent for an authenticated caller. */
  async card(call: A2aCall): Promise<Json> {
    const { context, namespace, address, card } = call;
    if (address.workflow !== undefined)
      return workflowCard(card, address, await this.#definition(call, address.workflow));
    const found: Definition[] = [];
    let token: string | undefined;
    for (let page = 0; page < skillPagesMax; page++) {
      const query = { namespace, size: "100", token };
      const { definitions, nextToken = "" } = await this.#calls.call("workflows.list", context, { query });
      found.push(...definitions.filter(isTool));
      if (nextToken === "") break;
      token = nextToken;
    }
    return extendedCard(card, address, found);
  }

  async createPush(call: A2aCall): Promise<Json> {
    const { tenant: _, ...config } = call.params;
    return this.#push.create(await this.#pushTarget(call), config);
  }

  async getPush(call: A2aCall): Promise<Json> {
    return this.#push.get(await this.#pushTarget(call), call.params);
  }

  async listPush(call: A2aCall): Promise<Json> {
    return this.#push.list(await this.#pushTarget(call));
  }

  async removePush(call: A2aCall): Promise<Json> {
    return this.#push.remove(await this.#pushTarget(call), call.params);
  }

  async #pushTarget(call: A2aCall): Promise<PushTarget> {
    const { runId: taskId } = await this.#run(call, textIn(call.params, "taskId"));
    return { context: call.context, namespace: call.namespace, taskId };
  }

  /** Starts a run for a message, or delivers the message to the run that it names. */
  async #accept(call: A2aCall): Promise<Run> {
    const message = messageIn(call.params);
    const configuration = objectIn(call.params["configuration"]);
    requireOutputModes(configuration["acceptedOutputModes"]);
    const push = objectIn(configuration["taskPushNotificationConfig"]);
    const isPushed = Object.keys(push).length > 0;
    const prefix = "configuration.taskPushNotificationConfig.";
    if (isPushed) await this.#push.check(push, prefix);
    const run = await (message.taskId === "" ? this.#start(call, message) : this.#continue(call, message));
    const { context, namespace } = call;
    if (isPushed) await this.#push.create({ context, namespace, taskId: run.runId }, push, prefix);
    return run;
  }

  async #start(call: A2aCall, message: Message): Promise<Run> {
    const { context, namespace, address } = call;
    const name = address.workflow ?? skillIn(message);
    const definition = await this.#definition(call, name);
    const { messageId, contextId } = message;
    const { kind, id } = context.principal;
    const seed = JSON.stringify([kind, id, namespace, name, messageId]);
    const runId = `a2a-${createHash("sha256").update(seed).digest("hex").slice(0, 32)}`;
    const labels = { [contextLabel]: contextId === "" ? runId : contextId, [messageLabel]: messageId };
    const budget = budgetOf(message);
    const body = {
      definition: { name },
      runId,
      input: inputOf(message, definition),
      labels,
      ...(budget !== undefined && { budget }),
    };
    const parts = { query: { namespace }, body };
    const { run } = await this.#calls.call("runs.start", context, parts).catch(unlessTaken);
    if (run === undefined) throw new A2aError("INTERNAL", "The run was not started");
    return run;
  }

  async #continue(call: A2aCall, message: Message): Promise<Run> {
    const { context, namespace } = call;
    const run = await this.#run(call, message.taskId);
    const { runId } = run;
    if (message.contextId !== "" && message.contextId !== contextOf(run))
      throw invalid("message.contextId", `task ${runId} has another context`);
    const named = signalIn(message);
    // Read first: a question that follows from the decision of this message is then found with the decision.
    const question = hasEnded(run) ? undefined : await this.#question(call, run);
    if (await this.#isRepeated(call, runId, message)) return run;
    if (hasEnded(run)) throw unsupported(`Task ${runId} has ended: it takes no further messages`);
    if (named === undefined && question?.kind === "approval")
      await this.#decide(call, run, question, message);
    else {
      const signal = named ?? (await this.#signalOf(call, run, question));
      const parts = { params: { id: runId, name: signal }, query: { namespace }, body: payloadOf(message) };
      const { messageId: idempotencyKey } = message;
      await this.#calls.call("runs.signal", context, { ...parts, idempotencyKey }).catch(unlessTaken);
    }
    return this.#run(call, runId);
  }

  /**
   * Whether a run has received this message of this caller before, as far as the read events tell. The run of a task in
   * an inbox, or a child run, records the decision of its question.
   */
  async #isRepeated(call: A2aCall, runId: string, message: Message): Promise<boolean> {
    if (await this.#hasKey(call, runId, message)) return true;
    if (signalIn(message) !== undefined) return false;
    const { context, namespace } = call;
    const asking = askingRunIn(message);
    const answered =
      asking === undefined ? await answeredRuns(this.#calls, context, { namespace, runId }) : [asking];
    for (const id of answered) if (id !== runId && (await this.#hasKey(call, id, message))) return true;
    return false;
  }

  /** Whether a call of this caller to a run had the id of the message as its idempotency key. */
  async #hasKey(call: A2aCall, runId: string, { messageId }: Message): Promise<boolean> {
    const { kind, id } = call.context.principal;
    const events = await this.#events(call, { runId }).catch((error: unknown) => {
      if (isTuttiError(error) && error.status === "NOT_FOUND") return [];
      throw error;
    });
    return events.some(({ type, details, cause }) => {
      const { key } = (details ?? {}) as { readonly key?: unknown };
      const isKey = type === "runtime.key_answered" && key === messageId;
      return isKey && cause?.actor?.kind === kind && cause.actor.id === id;
    });
  }

  /** Decides the question of a run, or another open one that the message names. */
  async #decide(
    call: A2aCall,
    { runId }: Run,
    { approval }: Extract<Question, { kind: "approval" }>,
    message: Message,
  ): Promise<void> {
    const { context, namespace } = call;
    const { approvalId = approval.approvalId, askingRunId, ...decision } = decisionOf(message);
    let asking = approvalId === approval.approvalId ? (approval.about?.id ?? runId) : runId;
    if (askingRunId !== undefined && askingRunId !== asking) {
      const open = await openQuestions(this.#calls, context, { namespace, runId });
      if (!open.some(({ about }) => about?.id === askingRunId))
        throw invalid("message.parts", `task ${runId} has no open question of run ${askingRunId}`);
      asking = askingRunId;
    }
    const parts = {
      params: { id: approvalId },
      query: { namespace },
      body: { runId: asking, ...decision },
      idempotencyKey: message.messageId,
    };
    await this.#calls.call("approvals.decide", context, parts).catch(unlessTaken);
  }

  /** Returns the signal for a message without a signal name: the one that the run waits for, or its only signal. */
  async #signalOf(call: A2aCall, run: Run, question: Question | undefined): Promise<string> {
    const { definition } = run.spec ?? {};
    const waited = question?.kind === "signals" ? question.signals : [];
    const { entries } =
      waited.length > 0 || definition === undefined
        ? { entries: [] }
        : await this.#definition(call, definition.name);
    const signals = entries.flatMap(({ kind, name }) => (kind === "signal" ? [name] : []));
    const [signal, ...more] = waited.length > 0 ? waited : signals;
    if (signal === undefined) throw unsupported(`Task ${run.runId} waits for no message`);
    if (more.length > 0) throw invalid("metadata.signal", `expected one of ${[signal, ...more].join(", ")}`);
    return signal;
  }

  /** The state of a run after each of its events, until it has ended or its client has left. */
  async *#follow(call: A2aCall, first: Run): AsyncGenerator<Snapshot, void> {
    const { context, namespace } = call;
    const untilMs = Math.min(context.waitUntilMs, this.#clock.monotonic() + followMaxMs);
    const polling = new QuestionPolling(this.#clock);
    let run = first;
    for (;;) {
      yield { run, question: await this.#question(call, run, polling) };
      const remainingMs = untilMs - this.#clock.monotonic();
      if (hasEnded(run) || context.signal.aborted || context.stopping.aborted || remainingMs <= 0) return;
      const waitMs = String(Math.min(polling.nextMs(run, pollMs), Math.ceil(remainingMs)));
      const query = { namespace, waitMs, afterEvent: String(run.eventCount ?? 0) };
      try {
        run = await this.#calls.call("runs.result", context, { params: { id: run.runId }, query });
      } catch (error) {
        // The process stops: the client gets the last known task, and asks again.
        if (!context.stopping.aborted) throw error;
        return;
      }
    }
  }

  async *#stream(
    call: A2aCall,
    first: Run,
    { length, untilQuestion }: { readonly length: number | undefined; readonly untilQuestion: boolean },
  ): AsyncGenerator<Json | undefined, void> {
    let sent = "";
    for await (const snapshot of this.#follow(call, first)) {
      const { run, question } = snapshot;
      const status = statusOf(run, question);
      const { messageId: _, ...message } = objectIn(status["message"]);
      const current = JSON.stringify([status["state"], message]);
      const about = { taskId: run.runId, contextId: contextOf(run) };
      if (sent === "") yield { task: await this.#task(call, snapshot, length) };
      else if (current === sent) yield undefined;
      else {
        for (const artifact of artifactsOf(run))
          yield { artifactUpdate: { ...about, artifact, lastChunk: true } };
        yield { statusUpdate: { ...about, status } };
      }
      sent = current;
      if (untilQuestion && question !== undefined) return;
    }
  }

  async #task(
    call: A2aCall,
    { run, question }: Snapshot,
    length: number | undefined,
    hasArtifacts = true,
  ): Promise<Json> {
    const history =
      length === 0 ? undefined : historyOf(run, await this.#events(call, run)).slice(-(length ?? 0));
    return taskOf({ run, question, history, hasArtifacts });
  }

  async #events(
    { context, namespace }: A2aCall,
    { runId }: Pick<Run, "runId">,
  ): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    let token: string | undefined;
    for (let page = 0; page < eventPagesMax; page++) {
      const parts = {
        params: { id: runId },
        query: { namespace, size: eventsSize, token, withInternal: "true" },
      };
      const reply = await this.#calls.call("runs.history", context, parts);
      events.push(...reply.events);
      token = reply.nextToken;
      if (token === undefined || token === "") break;
    }
    return events;
  }

  #question(
    { context, namespace }: A2aCall,
    run: Run,
    polling?: QuestionPolling,
  ): Promise<Question | undefined> {
    return questionOf(this.#calls, context, namespace, run, polling);
  }

  #run({ context, namespace, address }: A2aCall, id: string): Promise<Run> {
    return taskRun(this.#calls, context, namespace, id, address.workflow);
  }

  async #definition({ context, namespace }: A2aCall, name: string): Promise<Definition> {
    const unknown = new A2aError("INVALID_PARAMS", `Workflow ${name.slice(0, 200)} not found`, {
      status: 404,
      field: "metadata.skillId",
    });
    try {
      const parts = { params: { name }, query: { namespace } };
      const definition = await this.#calls.call("workflows.get", context, parts);
      if (!isTool(definition)) throw unknown;
      return definition;
    } catch (error) {
      const isUnknown =
        isTuttiError(error) && (error.status === "NOT_FOUND" || error.status === "INVALID_ARGUMENT");
      throw isUnknown ? unknown : error;
    }
  }
}

/** Explains the refusal of an id that another message of the run had. */
function unlessTaken(error: unknown): never {
  if (isTuttiError(error) && error.status === "ALREADY_EXISTS")
    throw invalid("message.messageId", "another message had this id");
  throw error;
}

const lengthIn = (from: Json): number | undefined => integerIn(from, "historyLength", 0, historyMax);

function timeIn(params: Json): number | undefined {
  const text = textIn(params, "statusTimestampAfter");
  if (text === "") return undefined;
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw invalid("statusTimestampAfter", "expected a time, such as 2026-01-31T10:00:00Z");
  return time;
}

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["SendMessage", (server, call) => server.send(call)],
  ["SendStreamingMessage", (server, call) => server.sendAndStream(call)],
  ["GetTask", (server, call) => server.get(call)],
  ["ListTasks", (server, call) => server.list(call)],
  ["CancelTask", (server, call) => server.cancel(call)],
  ["SubscribeToTask", (server, call) => server.subscribe(call)],
  ["GetExtendedAgentCard", (server, call) => server.card(call)],
  ["CreateTaskPushNotificationConfig", (server, call) => server.createPush(call)],
  ["GetTaskPushNotificationConfig", (server, call) => server.getPush(call)],
  ["ListTaskPushNotificationConfigs", (server, call) => server.listPush(call)],
  ["DeleteTaskPushNotificationConfig", (server, call) => server.removePush(call)],
]);

const statuses: Readonly<Record<string, number>> = {
  PERMISSION_DENIED: 403,
  UNAUTHENTICATED: 401,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  FAILED_PRECONDITION: 400,
};

/** A refusal of a service, in the words of the protocol. */
export function refused({ status, code, message, violations }: TuttiError): A2aError {
  const fields = violations.map((violation) => `${violation.field}: ${violation.message}`);
  const text = [message, ...fields].join(". ");
  if (status === "INVALID_ARGUMENT" || status === "NOT_FOUND" || status === "ALREADY_EXISTS")
    return new A2aError("INVALID_PARAMS", text, { metadata: { code } });
  const known = statuses[status];
  if (known !== undefined) return new A2aError("REFUSED", text, { status: known, metadata: { code } });
  return new A2aError("INTERNAL", text, { metadata: { code } });
}
