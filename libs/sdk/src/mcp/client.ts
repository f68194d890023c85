/**
 * Client of one MCP server. It connects on the first request, and reconnects after the server was disconnected.
 *
 * 1. A connection starts with `server/discover`. A server that does not list the stateless version gets the handshake.
 * 2. Each request of the stateless version is complete: a call that waits for an answer of a person ends, and the next
 *    call carries the answer.
 */
import type { Json } from "@tutti/expressions";
import {
  type Clock,
  isTuttiError,
  type Logger,
  reasonOf,
  sleep,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import type { TaskContext } from "../task/context.ts";
import { Busy } from "../task/failure.ts";
import { McpAuthorization } from "./authorization.ts";
import {
  type Connection,
  Disconnected,
  HttpConnection,
  type McpServer,
  NotSent,
  ProgramConnection,
  resumeAfterMs,
} from "./connection.ts";
import { mcpErrors } from "./errors.ts";
import { askPeople, type McpQuestions, OpenCall } from "./questions.ts";
import {
  type HeaderArgument,
  headerArgumentsOf,
  headersOf,
  isFinalError,
  isModernError,
  listenMethod,
  metaOf,
  rpcCodes,
  statelessVersion,
} from "./stateless.ts";

export interface McpTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
  /** Whether a repeated call has no further effect, by the annotations of the server. */
  readonly isRepeatable: boolean;
}

export interface McpResource {
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mediaType: string;
}

export interface McpPorts {
  readonly fetch: typeof fetch;
  readonly timers: Timers;
  readonly clock: Clock;
  /** Logs warnings about the server. Default: lines on standard error. */
  readonly logger: Logger;
}

interface PendingRequest extends PromiseWithResolvers<Members> {
  readonly method: string;
  /** The open call of a tool. During the call its server may ask a person. */
  readonly call: OpenCall | undefined;
}

const clientInfo = { name: "tutti", version: "0.1.0" };
const protocolVersion = "2025-11-25";
const answerMs = 30_000;
/** Time for the answer to `server/discover`. A server of the handshake may ignore it. */
const discoverMs = 10_000;
/** Calls until a result of the stateless version is complete. */
const roundsMax = 100;
const pagesMax = 100;
/** A worker has at most 1,000 capabilities. Two of them are for resources. */
export const toolsMax = 998;
const resourcesMax = 10_000;
/** A longer text of an error is cut. */
const reasonLengthMax = 4_000;

/** An answer of the server that is an error of the protocol. */
class Refusal extends Error {
  readonly method: string;
  readonly code: number;
  readonly data: Members;

  constructor(method: string, error: Members) {
    super(shortened(textIn(error, "message")));
    this.method = method;
    this.code = Number(error["code"]);
    this.data = membersIn(error, "data");
  }
}

export class McpClient {
  readonly #name: string;
  readonly #server: McpServer;
  readonly #ports: McpPorts;
  readonly #changed: () => void;
  readonly #questions: McpQuestions | undefined;
  readonly #authorization: McpAuthorization | undefined;
  #capabilities: Members = {};
  #connected: Promise<Connection> | undefined;
  readonly #pending = new Map<number, PendingRequest>();
  /** Open questions to people, by the ids of the requests of the server. */
  readonly #asking = new Map<unknown, AbortController>();
  #number = 0;
  #repeatable: ReadonlySet<string> = new Set();
  /** Arguments that are repeated in headers, by tool. */
  #headers: ReadonlyMap<string, readonly HeaderArgument[]> = new Map();
  /** Tools of the last list that are not offered. */
  #excluded: ReadonlySet<string> = new Set();
  #isStateless = false;
  /** Number of changes of the tools that the server reported. */
  #changes = 0;
  /** Whether the server is a program that ends when its first request is not the handshake. */
  #needsHandshake = false;

  /** @param changed called when the server reports that its tools have changed */
  constructor(
    name: string,
    server: McpServer,
    ports: McpPorts,
    {
      changed = () => {},
      questions,
    }: { readonly changed?: () => void; readonly questions?: McpQuestions } = {},
  ) {
    this.#name = name;
    this.#questions = questions;
    this.#server = server;
    this.#ports = ports;
    this.#changed = changed;
    if ("url" in server && server.auth !== undefined)
      this.#authorization = new McpAuthorization(name, server.url, server.auth, ports);
  }

  async tools(): Promise<readonly McpTool[]> {
    const headers = new Map<string, readonly HeaderArgument[]>();
    const excluded = new Set<string>();
    const listed = (await this.#list("tools", toolsMax)).filter((tool) => {
      const found = this.#isStateless && "url" in this.#server ? headerArgumentsOf(tool["inputSchema"]) : [];
      if (found === undefined) excluded.add(textIn(tool, "name"));
      else if (found.length > 0) headers.set(textIn(tool, "name"), found);
      return found !== undefined;
    });
    this.#headers = headers;
    const added = [...excluded].filter((tool) => !this.#excluded.has(tool));
    this.#excluded = excluded;
    if (added.length > 0)
      this.#ports.logger.warn("MCP tools are not offered: an `x-mcp-header` in their schemas is not valid", {
        server: this.#name,
        tools: shortened(added.join(", ")),
      });
    const tools = listed.map((tool) => {
      const { readOnlyHint, idempotentHint } = membersIn(tool, "annotations");
      return {
        name: textIn(tool, "name"),
        description: textIn(tool, "description"),
        inputSchema: membersIn(tool, "inputSchema") as Json,
        isRepeatable: readOnlyHint === true || idempotentHint === true,
      };
    });
    this.#repeatable = new Set(tools.flatMap(({ name, isRepeatable }) => (isRepeatable ? [name] : [])));
    return tools;
  }

  /** True if the server has resources. Known after the first request. */
  get hasResources(): boolean {
    return isMembers(this.#capabilities["resources"]);
  }

  async resources(signal: AbortSignal): Promise<readonly McpResource[]> {
    return (await this.#list("resources", resourcesMax, signal)).map((resource) => ({
      uri: textIn(resource, "uri"),
      name: textIn(resource, "name"),
      description: textIn(resource, "description"),
      mediaType: textIn(resource, "mimeType"),
    }));
  }

  /** Reads the contents of a resource: text as it is, bytes in base64. */
  async readResource(uri: string, signal: AbortSignal): Promise<Json> {
    const { contents } = await this.#call("resources/read", { uri }, signal);
    return (Array.isArray(contents) ? contents : []).filter(isMembers).map((part) => ({
      uri: textIn(part, "uri") || uri,
      mediaType: textIn(part, "mimeType"),
      ...(typeof part["blob"] === "string" ? { base64: part["blob"] } : { text: textIn(part, "text") }),
    }));
  }

  async #list(member: "tools" | "resources", max: number, signal?: AbortSignal): Promise<readonly Members[]> {
    const method = `${member}/list`;
    const found: Members[] = [];
    let cursor = "";
    for (let page = 0; page < pagesMax; page++) {
      const reply = await this.#call(method, cursor === "" ? {} : { cursor }, signal);
      const listed = reply[member];
      for (const item of Array.isArray(listed) ? listed : []) if (isMembers(item)) found.push(item);
      if (found.length > max) {
        const reason = `the list has more than ${max} entries`;
        throw this.#refused(method, reason);
      }
      cursor = textIn(reply, "nextCursor");
      if (cursor === "") break;
    }
    return found;
  }

  /** Calls a tool. Returns its structured content, its text, or its content as it is. */
  async callTool(tool: string, input: unknown, task: TaskContext): Promise<Json> {
    const call = this.#questions === undefined ? undefined : new OpenCall(task);
    const params = { name: tool, arguments: input ?? {} };
    const result = await this.#callUntilComplete(params, task.signal, call).finally(() => call?.end());
    const listed = result["content"];
    const content = (Array.isArray(listed) ? listed : []).filter(isMembers);
    const text = content.map((part) => textIn(part, "text")).join("\n");
    if (result["isError"] === true)
      throw mcpErrors.toolFailed({ tool, text: shortened(text) || "it failed" });
    if (result["structuredContent"] !== undefined) return result["structuredContent"] as Json;
    return content.every((part) => part["type"] === "text") ? text : (content as unknown as Json);
  }

  /** Answers the questions that a call ends with, and calls again with the answers. */
  async #callUntilComplete(params: Members, signal: AbortSignal, call?: OpenCall): Promise<Members> {
    let answers: Members = {};
    for (let round = 0; round < roundsMax; round++) {
      const result = await this.#call("tools/call", { ...params, ...answers }, signal, call);
      if (result["resultType"] !== "input_required") return result;
      const { requestState } = result;
      const requests = Object.entries(membersIn(result, "inputRequests"));
      const responses = requests.map(async ([key, request]) => {
        const asked = isMembers(request) ? this.#ask(request, call === undefined ? [] : [call]) : undefined;
        if (asked === undefined) throw this.#refused("tools/call", "the client does not answer its request");
        return [key, await asked] as const;
      });
      answers = {
        ...(requests.length > 0 && { inputResponses: Object.fromEntries(await Promise.all(responses)) }),
        ...(requestState !== undefined && { requestState }),
      };
    }
    throw this.#refused("tools/call", `no result after ${roundsMax} requests for input`);
  }

  close(): void {
    this.#connected?.then((connection) => connection.close()).catch(() => {});
    this.#connected = undefined;
    this.#authorization?.close();
    this.#rejectPending(this.#unreachable("it was closed"));
  }

  /** Sends a request, and again if the server did not execute it, or if its program ended and it can be repeated. */
  async #call(method: string, params: Members, signal?: AbortSignal, call?: OpenCall): Promise<Members> {
    const isRepeatable = method !== "tools/call" || this.#repeatable.has(textIn(params, "name"));
    for (let isRepeated = false; ; isRepeated = true) {
      this.#connected ??= this.#connect();
      const connected = this.#connected;
      try {
        const connection = await connected.catch((error: unknown) => {
          throw this.#unreachable(error);
        });
        return await this.#request(connection, { method, params }, signal, call);
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        const isRefused = error instanceof Refusal;
        // The marks of the tool have changed. The server has not executed the call.
        const isStale = isRefused && this.#isStateless && error.code === rpcCodes.headers;
        if (isStale && method === "tools/call" && !isRepeated) {
          await this.tools();
          this.#changed();
          continue;
        }
        // Another server may have taken the address.
        const isUnsent = error instanceof NotSent || (isRefused && error.code === rpcCodes.version);
        if (isTuttiError(error) || (isRefused && !isUnsent)) throw this.#unreachable(error);
        if (isUnsent && this.#connected === connected) {
          this.#connected = undefined;
          void connected.then((left) => left.stopListening()).catch(() => {});
        }
        const canRepeat = error instanceof Disconnected && isRepeatable && call?.hasAsked !== true;
        if (isRepeated || !(isUnsent || canRepeat)) throw this.#unreachable(error);
      }
    }
  }

  async #connect(): Promise<Connection> {
    let isDiscovering = true;
    const listener = {
      respond: (message: Members) => this.#answered(message),
      notice: (method: string, params: Members) => this.#noticed(method, params, connection),
      request: (message: Members, within: unknown) => this.#handleRequest(message, within),
      disconnected: (reason: string) => {
        if (!isDiscovering) this.#connected = undefined;
        connection.stopListening();
        this.#rejectPending(new Disconnected(reason));
      },
    };
    const open = () =>
      "command" in this.#server
        ? new ProgramConnection(this.#server, listener, this.#ports.timers)
        : new HttpConnection(this.#server, listener, this.#ports, this.#authorization);
    let connection = open();
    try {
      if (!this.#needsHandshake && (await this.#discover(connection))) {
        if (this.#reportsChanges) void this.#followTools(connection);
        return connection;
      }
      if (connection.isDisconnected) {
        this.#needsHandshake = true;
        connection = open();
      }
      isDiscovering = false;
      await this.#shakeHands(connection);
      return connection;
    } catch (error) {
      this.#connected = undefined;
      connection.close();
      throw error;
    } finally {
      isDiscovering = false;
    }
  }

  /** Returns whether the server has the stateless version. */
  async #discover(connection: ProgramConnection | HttpConnection): Promise<boolean> {
    this.#isStateless = true;
    if (connection instanceof HttpConnection) connection.version = statelessVersion;
    const discover = () => this.#request(connection, { method: "server/discover", params: {} }, discoverMs);
    try {
      const found = await discover().catch((error: unknown) => {
        // The server may have refused a version that a proxy stated.
        const isVersion = error instanceof Refusal && error.code === rpcCodes.version;
        if (isVersion && isListed(error.data["supported"])) return discover();
        throw error;
      });
      this.#isStateless = isListed(found["supportedVersions"]);
      this.#capabilities = membersIn(found, "capabilities");
    } catch (error) {
      this.#isStateless = false;
      // Without a token, the handshake would fail too.
      if (isTuttiError(error) || error instanceof Busy) throw error;
      if (error instanceof Refusal && error.code !== rpcCodes.version && isModernError(error.code))
        throw error;
    }
    return this.#isStateless;
  }

  async #shakeHands(connection: ProgramConnection | HttpConnection): Promise<void> {
    if (connection instanceof HttpConnection) connection.version = "";
    const params = { protocolVersion, capabilities: this.#clientCapabilities, clientInfo };
    const agreed = await this.#request(connection, { method: "initialize", params });
    this.#capabilities = membersIn(agreed, "capabilities");
    if (connection instanceof HttpConnection) connection.version = textIn(agreed, "protocolVersion");
    await connection.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    if (connection instanceof HttpConnection && (this.#reportsChanges || this.#questions !== undefined))
      void connection.listen();
  }

  get #reportsChanges(): boolean {
    return membersIn(this.#capabilities, "tools")["listChanged"] === true;
  }

  /** Subscribes to changes of the tools in the stateless version. A subscription that ends is opened again. */
  async #followTools(connection: Connection): Promise<void> {
    const { listening } = connection;
    const subscription = { method: listenMethod, params: { notifications: { toolsListChanged: true } } };
    let pauseMs = resumeAfterMs.default;
    while (!listening.aborted) {
      const before = this.#changes;
      try {
        await this.#request(connection, subscription, listening);
      } catch (error) {
        if (error instanceof Refusal && isFinalError(error.code)) return;
      }
      if (this.#changes !== before) pauseMs = resumeAfterMs.default;
      await sleep(this.#ports.timers, pauseMs, listening).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, resumeAfterMs.max);
    }
  }

  #noticed(method: string, params: Members, connection: Connection): void {
    if (method === "notifications/tools/list_changed") {
      this.#changes++;
      this.#changed();
    } else if (method === "notifications/subscriptions/acknowledged") {
      // A server does not report changes from before the subscription.
      if (membersIn(params, "notifications")["toolsListChanged"] === true) this.#changed();
      else connection.stopListening();
    } else if (method === "notifications/cancelled") {
      const { requestId } = params;
      this.#asking.get(requestId)?.abort();
      const pending = this.#pending.get(Number(requestId));
      if (pending?.method === listenMethod) pending.resolve({});
    }
  }

  get #clientCapabilities(): Members {
    return this.#questions === undefined ? {} : { elicitation: { form: {} } };
  }

  async #request(
    connection: Connection,
    { method, params }: { readonly method: string; readonly params: Members },
    until: AbortSignal | number = answerMs,
    call?: OpenCall,
  ): Promise<Members> {
    const id = ++this.#number;
    const isStateless = this.#isStateless;
    const stated = isStateless
      ? { ...params, _meta: metaOf({ clientInfo, capabilities: this.#clientCapabilities }) }
      : params;
    const headers = isStateless ? headersOf(method, params, this.#headers.get(textIn(params, "name"))) : {};
    const pending: PendingRequest = { ...Promise.withResolvers<Members>(), method, call };
    this.#pending.set(id, pending);
    // A tool may run until its task ends. Every other request has a timeout.
    const late = new AbortController();
    const timer: Timer | undefined =
      typeof until === "number"
        ? this.#ports.timers.after(until, () => late.abort(new Error(`no answer to ${method}`)))
        : undefined;
    const signal = typeof until === "number" ? undefined : until;
    late.signal.addEventListener("abort", () => pending.reject(late.signal.reason), { once: true });
    const abort = () => {
      pending.reject(signal?.reason);
      // A closed connection cancels a request that is complete.
      if (isStateless && "url" in this.#server) return;
      const cancelled = { requestId: id, reason: "the task has ended" };
      connection
        .send({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled })
        .catch(() => {});
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      connection.send({ jsonrpc: "2.0", id, method, params: stated }, signal ?? late.signal, headers).then(
        // Over HTTP the answer has arrived by now, or will not arrive.
        () => {
          if ("url" in this.#server) pending.reject(new Error(`no answer to ${method}`));
        },
        (error: unknown) => pending.reject(error),
      );
      return await pending.promise;
    } finally {
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
    }
  }

  /** Handles a request of the server to ask a person. Over pipes it may belong to any open call. */
  #handleRequest(message: Members, within: unknown): Promise<Members> | undefined {
    const { id } = message;
    const open = [...this.#pending].flatMap(([number, { call }]) =>
      call !== undefined && (within === undefined || number === within) ? [call] : [],
    );
    const withdrawn = new AbortController();
    const asked = this.#ask(message, open, withdrawn.signal);
    if (asked === undefined) return undefined;
    this.#asking.set(id, withdrawn);
    return asked
      .then(
        (result) => ({ jsonrpc: "2.0", id, result }),
        (error: unknown) => {
          const reason = reasonOf(error);
          return { jsonrpc: "2.0", id, error: { code: rpcCodes.internal, message: reason } };
        },
      )
      .finally(() => {
        if (this.#asking.get(id) === withdrawn) this.#asking.delete(id);
      });
  }

  /** Asks a person. Undefined if the request is none for people, or nothing asks them. */
  #ask(
    request: Members,
    open: readonly OpenCall[],
    withdrawn = new AbortController().signal,
  ): Promise<Members> | undefined {
    const params = membersIn(request, "params");
    const isForm = request["method"] === "elicitation/create" && textIn(params, "mode") !== "url";
    if (this.#questions === undefined || !isForm || open.length === 0) return undefined;
    return askPeople(this.#questions, this.#name, params, open, withdrawn);
  }

  #answered(message: Members): void {
    const pending = this.#pending.get(Number(message["id"]));
    if (pending === undefined) return;
    const { error } = message;
    if (!isMembers(error)) pending.resolve(membersIn(message, "result"));
    else pending.reject(new Refusal(pending.method, error));
  }

  #rejectPending(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #refused(method: string, reason: string) {
    return mcpErrors.refused({ server: this.#name, method, reason });
  }

  #unreachable(error: unknown) {
    if (isTuttiError(error) || error instanceof Busy) return error;
    if (error instanceof Refusal) return this.#refused(error.method, error.message);
    const reason = typeof error === "string" ? error : reasonOf(error);
    return mcpErrors.unreachable({ server: this.#name, reason });
  }
}

const isListed = (versions: unknown): boolean =>
  Array.isArray(versions) && versions.includes(statelessVersion);

function shortened(text: string): string {
  return text.length > reasonLengthMax ? `${text.slice(0, reasonLengthMax)}…` : text;
}
