/** One MCP server, as a client sees it: connected when there is something to ask, and again after it vanished. */
import type { Json } from "@tutti/expressions";
import { isTuttiError, type Timer, type Timers } from "@tutti/kernel";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import { type Connection, HttpConnection, type McpServer, ProgramConnection } from "./connection.ts";
import { mcpErrors } from "./errors.ts";

export interface McpTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
}

export interface McpPorts {
  readonly fetch: typeof fetch;
  readonly timers: Timers;
}

interface Asked extends PromiseWithResolvers<Members> {
  readonly method: string;
}

const protocolVersion = "2025-11-25";
const answerMs = 30_000;
const pagesMax = 100;

export class McpClient {
  readonly #name: string;
  readonly #server: McpServer;
  readonly #ports: McpPorts;
  readonly #changed: () => void;
  #connected: Promise<Connection> | undefined;
  readonly #asked = new Map<number, Asked>();
  #number = 0;

  /** @param changed called when the server says that its tools are others */
  constructor(name: string, server: McpServer, ports: McpPorts, changed: () => void = () => {}) {
    this.#name = name;
    this.#server = server;
    this.#ports = ports;
    this.#changed = changed;
  }

  async tools(): Promise<readonly McpTool[]> {
    const found: McpTool[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < pagesMax; page++) {
      const reply = await this.#call("tools/list", cursor === undefined ? {} : { cursor });
      const listed = reply["tools"];
      for (const tool of (Array.isArray(listed) ? listed : []).filter(isMembers))
        found.push({
          ...{ name: textIn(tool, "name"), description: textIn(tool, "description") },
          inputSchema: membersIn(tool, "inputSchema") as Json,
        });
      cursor = textIn(reply, "nextCursor");
      if (cursor === "") break;
    }
    return found;
  }

  /** Returns what the tool gave: its structured content, its text, or its content as it is. */
  async callTool(tool: string, input: unknown, signal: AbortSignal): Promise<Json> {
    const result = await this.#call("tools/call", { name: tool, arguments: input ?? {} }, signal);
    const listed = result["content"];
    const content = (Array.isArray(listed) ? listed : []).filter(isMembers);
    const text = content.map((part) => textIn(part, "text")).join("\n");
    if (result["isError"] === true) throw mcpErrors.toolFailed({ tool, text: text || "it failed" });
    if (result["structuredContent"] !== undefined) return result["structuredContent"] as Json;
    return content.every((part) => part["type"] === "text") ? text : (content as unknown as Json);
  }

  close(): void {
    this.#connected?.then((connection) => connection.close()).catch(() => {});
    this.#connected = undefined;
    this.#gone("it was closed");
  }

  async #call(method: string, params: Members, signal?: AbortSignal): Promise<Members> {
    this.#connected ??= this.#connect();
    try {
      return await this.#request(await this.#connected, method, params, signal);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (isTuttiError(error)) throw error;
      throw this.#unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  async #connect(): Promise<Connection> {
    const heard = {
      respond: (message: Members) => this.#answered(message),
      notice: (method: string) => {
        if (method === "notifications/tools/list_changed") this.#changed();
      },
      gone: (reason: string) => {
        this.#connected = undefined;
        this.#gone(reason);
      },
    };
    const server = this.#server;
    const connection =
      "command" in server
        ? new ProgramConnection(server, heard)
        : new HttpConnection(server, heard, this.#ports.fetch);
    try {
      const clientInfo = { name: "tutti", version: "0.1.0" };
      const hello = { protocolVersion, capabilities: {}, clientInfo };
      const agreed = await this.#request(connection, "initialize", hello);
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
    method: string,
    params: Members,
    signal?: AbortSignal,
  ): Promise<Members> {
    const id = ++this.#number;
    const asked: Asked = { ...Promise.withResolvers<Members>(), method };
    this.#asked.set(id, asked);
    // The end of a task is the limit of a tool. Everything else is answered soon.
    const timer: Timer | undefined =
      signal === undefined
        ? this.#ports.timers.after(answerMs, () => asked.reject(new Error(`no answer to ${method}`)))
        : undefined;
    const abort = () => {
      asked.reject(signal?.reason);
      const cancelled = { requestId: id, reason: "the task has ended" };
      connection
        .send({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled })
        .catch(() => {});
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      connection.send({ jsonrpc: "2.0", id, method, params }, signal).then(
        // Over HTTP the answer has come by now, or does not come.
        () => {
          if ("url" in this.#server) asked.reject(new Error(`no answer to ${method}`));
        },
        (error: unknown) => asked.reject(error),
      );
      return await asked.promise;
    } finally {
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
      this.#asked.delete(id);
    }
  }

  #answered(message: Members): void {
    const asked = this.#asked.get(Number(message["id"]));
    if (asked === undefined) return;
    const { error } = message;
    if (!isMembers(error)) asked.resolve(membersIn(message, "result"));
    else
      asked.reject(
        mcpErrors.refused({ server: this.#name, method: asked.method, reason: textIn(error, "message") }),
      );
  }

  #gone(reason: string): void {
    for (const asked of this.#asked.values()) asked.reject(this.#unreachable(reason));
    this.#asked.clear();
  }

  #unreachable(reason: string) {
    return mcpErrors.unreachable({ server: this.#name, reason });
  }
}
