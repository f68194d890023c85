/** Client of one MCP server. It connects on the first request, and reconnects after the server was disconnected. */
import type { Json } from "@tutti/expressions";
import { isTuttiError, reasonOf, type Timer, type Timers } from "@tutti/kernel";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import type { TaskContext } from "../task/context.ts";
import {
  type Connection,
  Disconnected,
  HttpConnection,
  type McpServer,
  NotSent,
  ProgramConnection,
} from "./connection.ts";
import { mcpErrors } from "./errors.ts";
import { askPeople, type McpQuestions, OpenCall } from "./questions.ts";

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
}

interface PendingRequest extends PromiseWithResolvers<Members> {
  readonly method: string;
  /** The open call of a tool. During the call its server may ask a person. */
  readonly call: OpenCall | undefined;
}

const protocolVersion = "2025-11-25";
const answerMs = 30_000;
const pagesMax = 100;
/** A worker has at most 1,000 capabilities. Two of them are for resources. */
export const toolsMax = 998;
const resourcesMax = 10_000;
/** A longer text of an error is cut. */
const reasonLengthMax = 4_000;
const internalError = -32_603;

export class McpClient {
  readonly #name: string;
  readonly #server: McpServer;
  readonly #ports: McpPorts;
  readonly #changed: () => void;
  readonly #questions: McpQuestions | undefined;
  #capabilities: Members = {};
  #connected: Promise<Connection> | undefined;
  readonly #pending = new Map<number, PendingRequest>();
  /** Open questions to people, by the ids of the requests of the server. */
  readonly #asking = new Map<unknown, AbortController>();
  #number = 0;
  #repeatable: ReadonlySet<string> = new Set();

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
  }

  async tools(): Promise<readonly McpTool[]> {
    const tools = (await this.#list("tools", toolsMax)).map((tool) => {
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
        throw mcpErrors.refused({ server: this.#name, method, reason });
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
    const result = await this.#call("tools/call", params, task.signal, call).finally(() => call?.end());
    const listed = result["content"];
    const content = (Array.isArray(listed) ? listed : []).filter(isMembers);
    const text = content.map((part) => textIn(part, "text")).join("\n");
    if (result["isError"] === true)
      throw mcpErrors.toolFailed({ tool, text: shortened(text) || "it failed" });
    if (result["structuredContent"] !== undefined) return result["structuredContent"] as Json;
    return content.every((part) => part["type"] === "text") ? text : (content as unknown as Json);
  }

  close(): void {
    this.#connected?.then((connection) => connection.close()).catch(() => {});
    this.#connected = undefined;
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
        if (isTuttiError(error)) throw error;
        const isUnsent = error instanceof NotSent;
        if (isUnsent && this.#connected === connected) this.#connected = undefined;
        const canRepeat = error instanceof Disconnected && isRepeatable && call?.hasAsked !== true;
        if (isRepeated || !(isUnsent || canRepeat)) throw this.#unreachable(error);
      }
    }
  }

  async #connect(): Promise<Connection> {
    const listener = {
      respond: (message: Members) => this.#answered(message),
      notice: (method: string, params: Members) => {
        if (method === "notifications/tools/list_changed") this.#changed();
        if (method === "notifications/cancelled") this.#asking.get(params["requestId"])?.abort();
      },
      request: (message: Members, within: unknown) => this.#handleRequest(message, within),
      disconnected: (reason: string) => {
        this.#connected = undefined;
        this.#rejectPending(new Disconnected(reason));
      },
    };
    const server = this.#server;
    const connection =
      "command" in server
        ? new ProgramConnection(server, listener, this.#ports.timers)
        : new HttpConnection(server, listener, this.#ports);
    try {
      const clientInfo = { name: "tutti", version: "0.1.0" };
      const capabilities = this.#questions === undefined ? {} : { elicitation: { form: {} } };
      const params = { protocolVersion, capabilities, clientInfo };
      const agreed = await this.#request(connection, { method: "initialize", params });
      this.#capabilities = membersIn(agreed, "capabilities");
      if (connection instanceof HttpConnection) connection.version = textIn(agreed, "protocolVersion");
      await connection.send({ jsonrpc: "2.0", method: "notifications/initialized" });
      return connection;
    } catch (error) {
      this.#connected = undefined;
      connection.close();
      throw error;
    }
  }

  async #request(
    connection: Connection,
    { method, params }: { readonly method: string; readonly params: Members },
    signal?: AbortSignal,
    call?: OpenCall,
  ): Promise<Members> {
    const id = ++this.#number;
    const pending: PendingRequest = { ...Promise.withResolvers<Members>(), method, call };
    this.#pending.set(id, pending);
    // A tool may run until its task ends. Every other request has a timeout.
    const late = new AbortController();
    const timer: Timer | undefined =
      signal === undefined
        ? this.#ports.timers.after(answerMs, () => late.abort(new Error(`no answer to ${method}`)))
        : undefined;
    late.signal.addEventListener("abort", () => pending.reject(late.signal.reason), { once: true });
    const abort = () => {
      pending.reject(signal?.reason);
      const cancelled = { requestId: id, reason: "the task has ended" };
      connection
        .send({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled })
        .catch(() => {});
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      connection.send({ jsonrpc: "2.0", id, method, params }, signal ?? late.signal).then(
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
    const questions = this.#questions;
    const { id } = message;
    const open = [...this.#pending].flatMap(([number, { call }]) =>
      call !== undefined && (within === undefined || number === within) ? [call] : [],
    );
    if (questions === undefined || message["method"] !== "elicitation/create" || open.length === 0)
      return undefined;
    const params = membersIn(message, "params");
    if (textIn(params, "mode") === "url") return undefined;
    const withdrawn = new AbortController();
    this.#asking.set(id, withdrawn);
    return askPeople(questions, this.#name, params, open, withdrawn.signal)
      .then(
        (result) => ({ jsonrpc: "2.0", id, result }),
        (error: unknown) => {
          const reason = reasonOf(error);
          return { jsonrpc: "2.0", id, error: { code: internalError, message: reason } };
        },
      )
      .finally(() => {
        if (this.#asking.get(id) === withdrawn) this.#asking.delete(id);
      });
  }

  #answered(message: Members): void {
    const pending = this.#pending.get(Number(message["id"]));
    if (pending === undefined) return;
    const { error } = message;
    if (!isMembers(error)) pending.resolve(membersIn(message, "result"));
    else
      pending.reject(
        mcpErrors.refused({
          server: this.#name,
          method: pending.method,
          reason: shortened(textIn(error, "message")),
        }),
      );
  }

  #rejectPending(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #unreachable(error: unknown) {
    if (isTuttiError(error)) return error;
    const reason = typeof error === "string" ? error : reasonOf(error);
    return mcpErrors.unreachable({ server: this.#name, reason });
  }
}

function shortened(text: string): string {
  return text.length > reasonLengthMax ? `${text.slice(0, reasonLengthMax)}…` : text;
}
