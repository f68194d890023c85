/**
 * The methods of the protocol, over the routes of REST.
 *
 * 1. Every tool call goes through the rpcs of REST in the name of the caller: their checks of access are the only ones.
 * 2. The server keeps nothing. A task is a run, found by its id.
 * 3. A client that disconnects does not end the run. `tutti_cancel` and `tasks/cancel` do.
 */
import { type Clock, isTuttiError, sentences, type TuttiError } from "@tutti/kernel";
import type { Approval, Definition, Run } from "@tutti/rest/types";
import { isOfOtherRun, QuestionPolling } from "../calls/related-questions.ts";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import {
  agreedVersion,
  isObject,
  type Json,
  objectIn,
  RpcError,
  type RpcRequest,
  type RpcResponse,
  rpcCodes,
  statelessVersion,
  supportedVersions,
  tasksExtension,
} from "./protocol.ts";
import { questionId, questionOfId, requestOf, WrongAnswer } from "./questions.ts";
import { Resources, resourceTemplates } from "./resources.ts";
import { forCaller, placesText, RunQuestions, requestsOf } from "./run-questions.ts";
import {
  errorResult,
  outcomeOf,
  outputResult,
  pollIntervalMs,
  progressOf,
  statusOf,
  taskOf,
} from "./run-tasks.ts";
import { listedTool, type SteeringTool, steeringTools, wrongArgument } from "./steering-tools.ts";
import { inputOf, isTool, workflowTool } from "./workflow-tools.ts";

/** One request, and what its answer needs to know. */
export interface McpCall {
  readonly request: RpcRequest;
  readonly context: RequestContext;
  readonly namespace: string;
  /** Reports the state of a run if the client requested progress, and keeps an open stream alive. */
  readonly report: (run: Run, text: string) => void;
  /** Sends a request to the client. Undefined if the client accepts none within the response to its own. */
  readonly sendRequest: ((id: string, method: string, params: Json) => void) | undefined;
  /** Sends a notification to the client. Without a method it keeps the connection alone. Resolves when there is room for more. */
  readonly notify: (method?: string, params?: Json) => Promise<void> | undefined;
}

interface McpServerParts {
  readonly calls: RouteCalls;
  readonly clock: Pick<Clock, "monotonic">;
  readonly version: string;
}

const instructions =
  "Tools run durable workflows of Tutti. A run continues if the client disconnects or the platform restarts: follow it with tutti_watch, explain it with tutti_why, stop it with tutti_cancel.";
const pageSize = "100";
/** How long a call waits for its run in an answer of one piece. Clients give up after a minute. */
const waitMaxMs = 50_000;
/** How long a call that may become a task waits for a result first. */
const shortcutMs = 200;
const pollMs = 10_000;
/** Maximum wait of a client that gets progress reports or a question. */
const reportedMaxMs = 3_600_000;

type Method = (server: McpServer, call: McpCall) => Promise<Json> | Json;

export class McpServer {
  readonly #calls: RouteCalls;
  readonly #questions: RunQuestions;
  readonly #resources: Resources;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #info: Json;

  constructor({ calls, clock, version }: McpServerParts) {
    this.#calls = calls;
    this.#questions = new RunQuestions(calls);
    this.#resources = new Resources(calls);
    this.#clock = clock;
    this.#info = { name: "tutti", title: "Tutti", version };
  }

  async handleCall(call: McpCall): Promise<Json> {
    const { id, method, stateless } = call.request;
    const known = (stateless ? statelessMethods : handshakeMethods).get(method);
    if (known === undefined)
      throw new RpcError(rpcCodes.method, "Method not found", { id, status: stateless ? 404 : 200 });
    const result = await known(this, call);
    if (!stateless) return result;
    const meta = { ...objectIn(result["_meta"]), "io.modelcontextprotocol/serverInfo": this.#info };
    return { resultType: "complete", ...result, _meta: meta };
  }

  handshake({ request, namespace }: McpCall): Json {
    const tasks = { cancel: {}, requests: { tools: { call: {} } } };
    return {
      protocolVersion: agreedVersion(request.params["protocolVersion"]),
      capabilities: { tools: {}, resources: {}, tasks },
      serverInfo: this.#info,
      // A namespace exists from its first use on, so a mistyped name is no error.
      instructions: `${instructions} This connection uses the namespace \`${namespace}\`.`,
    };
  }

  discover(): Json {
    return {
      supportedVersions: [
        statelessVersion,
        ...supportedVersions.filter((version) => version !== statelessVersion),
      ],
      capabilities: { tools: {}, resources: { subscribe: true }, extensions: { [tasksExtension]: {} } },
      instructions,
      ttlMs: 3_600_000,
      cacheScope: "public",
    };
  }

  async listTools(call: McpCall): Promise<Json> {
    const { request, context, namespace } = call;
    const { cursor } = request.params;
    if (cursor !== undefined && typeof cursor !== "string")
      throw invalid(request, "`cursor`: expected a string");
    const query = { namespace, size: pageSize, token: cursor };
    const { definitions, nextToken } = await this.#listed(request, context, query);
    const workflows = definitions.filter(isTool).map(workflowTool);
    const tools = cursor === undefined ? [...steeringTools.map(listedTool), ...workflows] : workflows;
    return cached(call, {
      tools,
      ...(nextToken !== undefined && nextToken !== "" && { nextCursor: nextToken }),
    });
  }

  async listResources(call: McpCall): Promise<Json> {
    return cached(call, await refusals(call, this.#resources.list(call)));
  }

  listTemplates(call: McpCall): Json {
    return cached(call, { resourceTemplates });
  }

  async readResource(call: McpCall): Promise<Json> {
    return cached(call, await refusals(call, this.#resources.read(call)));
  }

  listen(call: McpCall): Promise<Json> {
    return refusals(call, this.#resources.listen(call));
  }

  /** A caller that may not see workflows gets the other tools. */
  async #listed(
    request: RpcRequest,
    context: RequestContext,
    query: Readonly<Record<string, string | undefined>>,
  ) {
    try {
      return await this.#calls.call("workflows.list", context, { query });
    } catch (error) {
      if (!isTuttiError(error)) throw error;
      if (error.status === "PERMISSION_DENIED") return { definitions: [], nextToken: "" };
      throw refused(request, error);
    }
  }

  async callTool(call: McpCall): Promise<Json> {
    const { request, context, namespace } = call;
    const { name, arguments: input = {} } = request.params;
    if (typeof name !== "string") throw invalid(request, "`name`: expected the name of a tool");
    const args = objectIn(input);
    if (args !== input) throw invalid(request, "`arguments`: expected an object");
    const steering = steeringTools.find((tool) => tool.name === name);
    if (steering !== undefined) return this.#steer(call, steering, args);
    const responses = responsesIn(request);
    if (request.params["requestState"] !== undefined) return this.#resume(call, name, responses);
    const definition = await this.#workflow(call, name);
    try {
      const body = { definition: { name }, input: inputOf(definition, args) };
      const { run } = await this.#calls.call("runs.start", context, { query: { namespace }, body });
      if (run === undefined) return errorResult("The run was not started");
      if (request.stateless && request.hasTasks) return await this.#taskOrResult(call, run.runId);
      if (!request.stateless && request.params["task"] !== undefined) return { task: handshakeTask(run) };
      return await this.#outcome(call, run);
    } catch (error) {
      return toolError(error);
    }
  }

  /** The call of a run that ends at once returns its result. */
  async #taskOrResult({ context, namespace }: McpCall, id: string): Promise<Json> {
    const query = { namespace, waitMs: String(shortcutMs) };
    const run = await this.#calls.call("runs.result", context, { params: { id }, query });
    if (statusOf(run) !== "working") return outcomeOf(run);
    return { resultType: "task", ...taskOf(run), ttlMs: null, pollIntervalMs };
  }

  /** In the version without a handshake: continues the call that a question ended, with the answers to the question. */
  async #resume(call: McpCall, name: string, responses: Json): Promise<Json> {
    const { request, context, namespace } = call;
    const { requestState: id } = request.params;
    const unknown = invalid(request, "`requestState`: expected the state of the result before");
    if (typeof id !== "string" || !/^\w[\w.:-]*$/.test(id)) throw unknown;
    let run: Run;
    try {
      run = await this.#calls.call("runs.get", context, { params: { id }, query: { namespace } });
    } catch (error) {
      throw isTuttiError(error) && error.status === "NOT_FOUND" ? unknown : error;
    }
    if (run.spec?.definition?.name !== name) throw unknown;
    const { refused: wrong, isCancelled } = await this.#questions.decideAnswered(call, run, responses);
    if (wrong.size > 0)
      return inputRequired(run, forCaller(call, await this.#questions.open(call, run)), wrong);
    if (isCancelled) return this.#stillRunning(call, run);
    return this.#outcome(call, run);
  }

  /** An answer of a client of a version with a handshake. Answers to other requests are ignored. */
  async acceptResponse(
    { id, result }: RpcResponse,
    call: Pick<McpCall, "context" | "namespace">,
  ): Promise<void> {
    const about = questionOfId(id);
    if (about === undefined || result === undefined) return;
    const { runId, approvalId } = about;
    try {
      const open = forCaller(call, await this.#questions.open(call, { runId, openApprovals: 1 } as Run));
      const approval = open.find(
        (candidate) => candidate.approvalId === approvalId && !isOfOtherRun(candidate, runId),
      );
      if (approval !== undefined) await this.#questions.decide(call, runId, approval, result);
    } catch (error) {
      if (!(error instanceof WrongAnswer) && !isTuttiError(error)) throw error;
      throw new RpcError(rpcCodes.params, error.message, { id });
    }
  }

  async getTask(call: McpCall): Promise<Json> {
    const run = await this.#task(call);
    const questions = await this.#questions.open(call, run);
    const open = call.request.hasForms ? forCaller(call, questions) : [];
    const statusMessage = progressWith(run, questions);
    if (!call.request.stateless)
      return { ...handshakeTask(run), statusMessage, ...(open.length > 0 && { status: "input_required" }) };
    const status = statusOf(run);
    const task = { ...taskOf(run), statusMessage, ttlMs: null, pollIntervalMs };
    if (status === "working" && open.length > 0)
      return { ...task, status: "input_required", inputRequests: requestsOf(open, run.runId) };
    if (status === "completed") return { ...task, result: { resultType: "complete", ...outcomeOf(run) } };
    if (status !== "failed") return task;
    const message = run.outcome?.terminated?.message ?? "The run was terminated";
    return { ...task, error: { code: rpcCodes.internal, message } };
  }

  /** In the version with a handshake: waits for the outcome. */
  async taskResult(call: McpCall): Promise<Json> {
    const run = await this.#task(call);
    const result = statusOf(run) === "working" ? await this.#outcome(call, run) : outcomeOf(run);
    const meta = {
      ...objectIn(result["_meta"]),
      "io.modelcontextprotocol/related-task": { taskId: run.runId },
    };
    return { ...result, _meta: meta };
  }

  async updateTask(call: McpCall): Promise<Json> {
    const run = await this.#task(call);
    const { refused: wrong } = await this.#questions.decideAnswered(call, run, responsesIn(call.request));
    if (wrong.size > 0) throw invalid(call.request, [...wrong.values()].join(". "));
    return {};
  }

  async cancelTask(call: McpCall): Promise<Json> {
    const { request, context, namespace } = call;
    const run = await this.#task(call);
    const hasEnded = statusOf(run) !== "working";
    if (hasEnded && !request.stateless) throw invalid(request, `Task ${run.runId} has ended`);
    if (hasEnded) return {};
    try {
      const parts = {
        params: { id: run.runId },
        query: { namespace },
        body: { reason: "cancelled over MCP" },
      };
      const cancelled = await this.#calls.call("runs.cancel", context, parts);
      return request.stateless ? {} : { ...handshakeTask(cancelled), status: "cancelled" };
    } catch (error) {
      throw isTuttiError(error) ? refused(request, error) : error;
    }
  }

  async #steer(call: McpCall, tool: SteeringTool, args: Json): Promise<Json> {
    const { context, namespace } = call;
    const wrong = wrongArgument(tool, args);
    if (wrong !== undefined) return errorResult(wrong);
    try {
      const { runId, approvalId } = args;
      const isAnswer = tool.route === "approvals.decide";
      const named = isAnswer && (await this.#questions.named(call, String(runId), String(approvalId)));
      const parts = tool.parts({ ...args, ...named });
      const query = { ...parts.query, namespace };
      const reply: unknown = await this.#calls.call(tool.route, context, { ...parts, query });
      return outputResult(withoutUnknown(reply) ?? {});
    } catch (error) {
      return toolError(error, "input");
    }
  }

  async #workflow({ request, context, namespace }: McpCall, name: string): Promise<Definition> {
    const unknown = invalid(request, `Unknown tool: ${name.slice(0, 128)}`);
    try {
      const definition = await this.#calls.call("workflows.get", context, {
        params: { name },
        query: { namespace },
      });
      if (!isTool(definition)) throw unknown;
      return definition;
    } catch (error) {
      if (!isTuttiError(error)) throw error;
      const isUnknown = error.status === "NOT_FOUND" || error.status === "INVALID_ARGUMENT";
      throw isUnknown ? unknown : refused(request, error);
    }
  }

  async #task({ request, context, namespace }: McpCall): Promise<Run> {
    const { stateless, hasTasks, id } = request;
    if (stateless && !hasTasks) {
      const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
      throw new RpcError(rpcCodes.capability, `The client does not declare ${tasksExtension}`, { id, data });
    }
    const { taskId } = request.params;
    if (typeof taskId !== "string") throw invalid(request, "`taskId`: expected a string");
    try {
      return await this.#calls.call("runs.get", context, { params: { id: taskId }, query: { namespace } });
    } catch (error) {
      throw isTuttiError(error) ? refused(request, error) : error;
    }
  }

  /** Waits for the end of a run. Meanwhile it reports the events of the run, and asks the client for approvals. */
  async #outcome(call: McpCall, started: Run): Promise<Json> {
    const { request, context, namespace, report } = call;
    const startMs = this.#clock.monotonic();
    const known = new Set<string>();
    const isReported = request.progressToken !== undefined;
    const polling = new QuestionPolling(this.#clock);
    let run = started;
    let waitMaxNowMs = isReported ? reportedMaxMs : waitMaxMs;
    for (;;) {
      report(run, progressOf(run));
      if (statusOf(run) !== "working") return outcomeOf(run);
      const open = request.hasForms ? forCaller(call, await this.#questions.open(call, run, polling)) : [];
      if (open.length > 0 && request.stateless) return inputRequired(run, open);
      if (this.#requestApprovals(call, run, open, known)) waitMaxNowMs = reportedMaxMs;
      const untilMs = Math.min(startMs + waitMaxNowMs, context.waitUntilMs);
      const remainingMs = untilMs - this.#clock.monotonic();
      if (remainingMs <= 0 || context.signal.aborted || context.stopping.aborted)
        return this.#stillRunning(call, run);
      const after = isReported || request.hasForms ? { afterEvent: String(run.eventCount ?? 0) } : {};
      const waitMs = request.hasForms ? polling.nextMs(run, pollMs) : pollMs;
      const query = { namespace, waitMs: String(Math.min(waitMs, Math.ceil(remainingMs))), ...after };
      run = await this.#calls.call("runs.result", context, { params: { id: run.runId }, query });
    }
  }

  async #stillRunning(call: McpCall, run: Run): Promise<Json> {
    const progress = progressWith(run, await this.#questions.open(call, run));
    const text = `Run ${run.runId} has not ended (${progress}). It continues: call tutti_watch with this runId.`;
    return { ...errorResult(text), _meta: { "tutti/runId": run.runId } };
  }

  /** Asks for each approval once. Returns true if it asked for any. */
  #requestApprovals(
    { sendRequest, request }: McpCall,
    { runId }: Run,
    open: readonly Approval[],
    known: Set<string>,
  ): boolean {
    if (sendRequest === undefined) return false;
    for (const approval of open) {
      const id = questionId(approval.about?.id ?? runId, approval.approvalId);
      if (id === undefined || known.has(id)) continue;
      known.add(id);
      const isOfTask = request.method === "tasks/result";
      const meta = { "io.modelcontextprotocol/related-task": { taskId: runId } };
      sendRequest(id, "elicitation/create", { ...requestOf(approval), ...(isOfTask && { _meta: meta }) });
    }
    return known.size > 0;
  }
}

/** A run in a line, with the inboxes and child runs whose questions it waits for. */
function progressWith(run: Run, open: readonly Approval[]): string {
  return [progressOf(run), placesText(open, run.runId)].filter((part) => part !== "").join(", ");
}

function inputRequired(run: Run, open: readonly Approval[], refused?: ReadonlyMap<string, string>): Json {
  return {
    resultType: "input_required",
    inputRequests: requestsOf(open, run.runId, refused),
    requestState: run.runId,
    _meta: { "tutti/runId": run.runId },
  };
}

/** The answers of a client, by the names of the questions. */
function responsesIn(request: RpcRequest): Json {
  const { inputResponses = {} } = request.params;
  if (!isObject(inputResponses)) throw invalid(request, "`inputResponses`: expected an object");
  return inputResponses;
}

/** As the version of 2025-11-25 has a task. */
function handshakeTask(run: Run): Json {
  return { ...taskOf(run), ttl: null, pollInterval: pollIntervalMs };
}

/** Lists and resources depend on the caller. */
function cached({ request }: McpCall, result: Json): Json {
  return { ...result, ...(request.stateless && { ttlMs: 5_000, cacheScope: "private" }) };
}

async function refusals(call: McpCall, result: Promise<Json>): Promise<Json> {
  try {
    return await result;
  } catch (error) {
    throw isTuttiError(error) ? refused(call.request, error) : error;
  }
}

const list: Method = (server, call) => server.listTools(call);
const callTool: Method = (server, call) => server.callTool(call);
const getTask: Method = (server, call) => server.getTask(call);
const cancelTask: Method = (server, call) => server.cancelTask(call);

const common: readonly (readonly [string, Method])[] = [
  ["tools/list", list],
  ["tools/call", callTool],
  ["resources/list", (server, call) => server.listResources(call)],
  ["resources/templates/list", (server, call) => server.listTemplates(call)],
  ["resources/read", (server, call) => server.readResource(call)],
  ["tasks/get", getTask],
  ["tasks/cancel", cancelTask],
];
const statelessMethods: ReadonlyMap<string, Method> = new Map([
  ...common,
  ["tasks/update", (server: McpServer, call: McpCall) => server.updateTask(call)],
  ["subscriptions/listen", (server: McpServer, call: McpCall) => server.listen(call)],
  ["server/discover", (server: McpServer) => server.discover()],
]);
const handshakeMethods: ReadonlyMap<string, Method> = new Map([
  ...common,
  ["initialize", (server: McpServer, call: McpCall) => server.handshake(call)],
  ["ping", () => ({})],
  ["tasks/result", (server: McpServer, call: McpCall) => server.taskResult(call)],
]);

function invalid({ id, stateless }: RpcRequest, message: string): RpcError {
  return new RpcError(rpcCodes.params, message, { id, status: stateless ? 400 : 200 });
}

/** A refusal of a service where the protocol has no result that can say so. */
function refused(request: RpcRequest, error: TuttiError): RpcError {
  const isOfParams = error.status === "NOT_FOUND" || error.status === "INVALID_ARGUMENT";
  if (isOfParams) return invalid(request, error.message);
  const data = { code: error.code };
  return new RpcError(rpcCodes.internal, error.message, { id: request.id, status: 200, data });
}

/**
 * A refusal as the result of a tool: the model reads it and can do better.
 * @param input how the tool calls the input of a run
 */
function toolError(error: unknown, input = "arguments"): Json {
  if (!isTuttiError(error)) throw error;
  const { code, message, violations } = error;
  const fields = violations
    .map((violation) => `${violation.field.replace(/^spec\.input(?=\.|$)/, input)}: ${violation.message}`)
    .join(". ");
  return {
    ...errorResult(sentences(message, fields, `Code: ${code}.`)),
    _meta: { "tutti/code": code },
  };
}

/** Rows of lists do not say what kind of definition a run has. */
function withoutUnknown(reply: unknown): unknown {
  const { runs } = (reply ?? {}) as { readonly runs?: unknown };
  if (!Array.isArray(runs)) return reply;
  const known = runs.map(({ kind, ...run }: Json) => (kind === "unspecified" ? run : { kind, ...run }));
  return { ...(reply as Json), runs: known };
}
