/**
 * JSON-RPC with an MCP server: over the pipes of a program, or over streamable HTTP.
 *
 * 1. When the server is disconnected, its requests in progress end. The next request starts the server again.
 * 2. A program that is closed and does not exit is killed, and its output is dropped.
 * 3. A stream that ends before its answer continues behind its last event, if the server numbers its events.
 * 4. A server of the handshake may send messages outside of requests. A GET request reads them while the client listens.
 * 5. A request that is refused for its token is repeated with a new one, once.
 * 6. A server gets no model and no files from its client. It may ask a person if the client has `questions`.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { answerText, sleep, type Timers } from "@tutti/kernel";
import { eventsOf, type StreamPosition } from "../agents/models/sse.ts";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import type { McpAuth, McpAuthorization, Renewal } from "./authorization.ts";
import { rpcCodes, statelessVersion } from "./stateless.ts";

/** A program that is reached over its pipes, or an address. */
export type McpServer =
  | {
      readonly command: readonly string[];
      readonly cwd?: string;
      /** Variables of the program, in addition to PATH and HOME of the worker. */
      readonly env?: Readonly<Record<string, string>>;
    }
  | {
      readonly url: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** OAuth by client credentials. */
      readonly auth?: McpAuth;
    };

export interface Listener {
  readonly respond: (message: Members) => void;
  readonly notice: (method: string, params: Members) => void;
  /** Answers a request of the server. Undefined if unsupported. Over HTTP, `within` is the request of the client. */
  readonly request: (message: Members, within: unknown) => Promise<Members> | undefined;
  /** Called when the server is disconnected. */
  readonly disconnected: (reason: string) => void;
}

export interface Connection {
  /** Whether the server has ended. */
  readonly isDisconnected: boolean;
  /** Aborted when the client stops reading the messages that belong to no request. */
  readonly listening: AbortSignal;
  /** @param headers of the request, if it goes over HTTP */
  send(message: Members, signal?: AbortSignal, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops reading the messages that belong to no request. Requests in progress continue. */
  stopListening(): void;
  close(): void;
}

const lineLengthMax = 16 * 1024 * 1024;
/** Time that a closed program has to exit. */
const exitMs = 5_000;
/** Pause before a stream continues, if the server sets none, and its maximum. */
export const resumeAfterMs = { default: 1_000, max: 30_000 };
/** Codes of errors above it are of servers, and not of the protocol. */
const protocolErrorsMax = -32_020;
/** Repetitions of a request because other requests have changed the token. */
const tokenChangesMax = 3;
/** Attempts to continue a stream that brings no new event. */
const resumesMax = 10;

/** Dispatches a message of the server. Returns the answer that has to be sent to it, if any. */
function dispatch(message: Members, listener: Listener, within?: unknown): Promise<Members> | undefined {
  const method = textIn(message, "method");
  const { id } = message;
  if (method === "") listener.respond(message);
  else if (id === undefined) listener.notice(method, membersIn(message, "params"));
  else if (method === "ping") return Promise.resolve({ jsonrpc: "2.0", id, result: {} });
  else {
    const error = { code: rpcCodes.method, message: `${method} is not supported` };
    return listener.request(message, within) ?? Promise.resolve({ jsonrpc: "2.0", id, error });
  }
  return undefined;
}

function each(value: unknown): readonly Members[] {
  return (Array.isArray(value) ? value : [value]).filter(isMembers);
}

export class ProgramConnection implements Connection {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #listener: Listener;
  readonly #timers: Timers;
  readonly #listening = new AbortController();
  readonly listening: AbortSignal = this.#listening.signal;
  #rest = "";
  #isDisconnected = false;
  #isClosed = false;

  constructor(
    { command, cwd, env = {} }: Extract<McpServer, { command: unknown }>,
    listener: Listener,
    timers: Timers,
  ) {
    this.#listener = listener;
    this.#timers = timers;
    const [program = "", ...args] = command;
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { PATH, HOME, ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.on("error", (error) => this.#handleExit(error.message));
    this.#child.on("exit", (code, signal) =>
      this.#handleExit(`it ended with ${signal ?? `exit code ${code}`}`),
    );
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.setEncoding("utf8");
    this.#child.stdout.on("data", (text: string) => this.#read(text));
  }

  get isDisconnected(): boolean {
    return this.#isDisconnected;
  }

  async send(message: Members): Promise<void> {
    if (this.#isDisconnected) throw new NotSent();
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  stopListening(): void {
    this.#listening.abort();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isDisconnected = true;
    this.stopListening();
    this.#child.stdin.end();
    this.#child.stdout.destroy();
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const kill = this.#timers.after(exitMs, () => this.#child.kill("SIGKILL"));
    this.#child.on("exit", () => kill.cancel());
  }

  #read(text: string): void {
    const end = text.lastIndexOf("\n");
    const lines = end < 0 ? [] : (this.#rest + text.slice(0, end)).split("\n");
    this.#rest = end < 0 ? this.#rest + text : text.slice(end + 1);
    if (this.#rest.length > lineLengthMax) {
      this.#handleExit(`it sent a line of more than ${lineLengthMax} characters`);
      this.close();
      return;
    }
    for (const line of lines) {
      for (const message of messagesIn(line))
        dispatch(message, this.#listener)
          ?.then((answer) => this.send(answer))
          // The program that asked has ended.
          .catch(() => {});
    }
  }

  #handleExit(reason: string): void {
    if (this.#isDisconnected) return;
    this.#isDisconnected = true;
    this.#listener.disconnected(reason);
  }
}

/** Reads the error of an answer. Undefined if the answer has none, or an error of the server's own. */
function refusalIn(text: string): Members | undefined {
  const error = membersIn(messagesIn(text)[0] ?? {}, "error");
  return Number(error["code"]) <= protocolErrorsMax ? error : undefined;
}

/** Reads the messages of a line. A line that is not JSON is output of the program, and is ignored. */
function messagesIn(line: string): readonly Members[] {
  try {
    return each(JSON.parse(line));
  } catch {
    return [];
  }
}

/** The server has not executed the request, because it did not receive it or does not know its session. */
export class NotSent extends Error {
  constructor(message = "it has ended") {
    super(message);
  }
}

/** The program ended during the request. Another request may be the cause. */
export class Disconnected extends Error {}

interface Content {
  readonly headers: Record<string, string>;
  readonly body?: string | null;
}

export class HttpConnection implements Connection {
  readonly #server: Extract<McpServer, { url: unknown }>;
  readonly #listener: Listener;
  readonly #fetch: typeof fetch;
  readonly #timers: Timers;
  readonly #authorization: McpAuthorization | undefined;
  readonly #closing = new AbortController();
  readonly #listening = new AbortController();
  readonly listening: AbortSignal = this.#listening.signal;
  readonly isDisconnected = false;
  #session = "";
  /** Version of the protocol. Set after the negotiation. */
  version = "";

  constructor(
    server: Extract<McpServer, { url: unknown }>,
    listener: Listener,
    ports: { readonly fetch: typeof fetch; readonly timers: Timers },
    authorization?: McpAuthorization,
  ) {
    this.#authorization = authorization;
    this.#server = server;
    this.#listener = listener;
    this.#fetch = ports.fetch;
    this.#timers = ports.timers;
  }

  async send(
    message: Members,
    callSignal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, ...(callSignal === undefined ? [] : [callSignal])]);
    const answer = await this.#exchange("POST", signal, {
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: JSON.stringify(message),
    });
    this.#session = answer.headers.get("mcp-session-id") ?? this.#session;
    if (answer.status === 404 && this.#session !== "") {
      await answer.body?.cancel();
      throw new NotSent("its session has ended");
    }
    if (!answer.ok) {
      const text = await this.#textOf(answer);
      const reason = `status ${answer.status}: ${text.slice(0, 300)}`;
      if (answer.status !== 400 && answer.status !== 404) throw new Error(reason);
      const isStateless = this.version === statelessVersion;
      const refusal = refusalIn(text);
      // A server that does not have this version has not executed the request.
      const isOther = isStateless ? refusal === undefined : refusal?.["code"] === rpcCodes.version;
      if (isOther) throw new NotSent(reason);
      if (!isStateless || refusal === undefined) throw new Error(reason);
      this.#listener.respond({ id: message["id"], error: refusal });
      return;
    }
    const isRequest = message["id"] !== undefined && message["method"] !== undefined;
    if (!isRequest || answer.body === null) {
      await answer.body?.cancel();
      return;
    }
    const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
    if (!isStream) {
      this.#dispatchAll(JSON.parse(await answerText(answer)), message["id"]);
      return;
    }
    await this.#readStream(answer.body, message["id"], signal);
  }

  /** Sends a request, and again with a new token if the server refuses the token. */
  async #exchange(method: "GET" | "POST", signal: AbortSignal, content: Content): Promise<Response> {
    const authorization = this.#authorization;
    if (authorization === undefined) return this.#exchangeOnce(method, signal, content);
    for (let changes = 0, isRenewed = false; ; changes++) {
      const token = await authorization.header();
      const answer = await this.#exchangeOnce(method, signal, content, token);
      const canRepeat: boolean = !isRenewed && changes <= tokenChangesMax;
      const renewed: Renewal = canRepeat ? await authorization.renew(answer, token) : undefined;
      if (renewed === undefined) {
        const refusal = authorization.refusalOf(answer);
        if (refusal === undefined) return answer;
        await answer.body?.cancel();
        throw refusal;
      }
      await answer.body?.cancel();
      isRenewed = renewed === "renewed";
    }
  }

  #exchangeOnce(
    method: "GET" | "POST",
    signal: AbortSignal,
    { headers, body = null }: Content,
    token?: string,
  ): Promise<Response> {
    return this.#fetch(this.#server.url, {
      method,
      signal,
      body,
      // A redirect would send the credentials in the headers to another service.
      redirect: "error",
      headers: {
        ...headers,
        ...(this.#session !== "" && { "mcp-session-id": this.#session }),
        ...(this.version !== "" && { "mcp-protocol-version": this.version }),
        ...this.#server.headers,
        ...(token !== undefined && { authorization: token }),
      },
    });
  }

  async #textOf(answer: Response): Promise<string> {
    const text = await answerText(answer);
    return this.#authorization?.maskedText(text) ?? text;
  }

  /** Reads until the answer to the request. A server may keep the stream open after it, or end it before. */
  async #readStream(
    first: ReadableStream<Uint8Array>,
    requestId: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const position: StreamPosition = {};
    let body: ReadableStream<Uint8Array> | undefined = first;
    for (let resumes = 0; resumes <= resumesMax; resumes++) {
      const before = position.eventId;
      if (body !== undefined)
        for await (const data of eventsOf(body, position))
          if (this.#dispatchAll(JSON.parse(data), requestId)) return;
      // The stateless version has no streams that continue.
      if (this.version === statelessVersion) return;
      const { eventId, retryMs = resumeAfterMs.default } = position;
      if (eventId === undefined || eventId === "") return;
      if (eventId !== before) resumes = 0;
      await sleep(this.#timers, Math.min(retryMs, resumeAfterMs.max), signal);
      signal.throwIfAborted();
      body = await this.#resume(eventId, signal);
    }
  }

  /**
   * Reads the messages of the server that belong to no request, until the connection is closed. A server that has no
   * such stream, or has ended the session, refuses the request.
   */
  async listen(): Promise<void> {
    const signal = this.listening;
    const position: StreamPosition = {};
    for (
      let pauseMs = resumeAfterMs.default;
      !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, resumeAfterMs.max)
    )
      try {
        const { eventId = "" } = position;
        const headers = { accept: "text/event-stream", ...(eventId !== "" && { "last-event-id": eventId }) };
        const answer = await this.#exchange("GET", signal, { headers });
        const isRefused = !answer.ok && answer.status < 500 && answer.status !== 429;
        if (!answer.ok || answer.body === null) await answer.body?.cancel();
        else
          for await (const data of eventsOf(answer.body, position)) {
            pauseMs = resumeAfterMs.default;
            this.#dispatchAll(JSON.parse(data), undefined);
          }
        if (isRefused) return;
      } catch {
        // The stream broke, or its event was not JSON: it continues behind the last event.
      } finally {
        const retryMs = Math.min(position.retryMs ?? 0, resumeAfterMs.max);
        await sleep(this.#timers, Math.max(retryMs, pauseMs), signal).catch(() => {});
      }
  }

  /** Continues a stream behind an event. Undefined if the server cannot be reached now. */
  async #resume(eventId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined> {
    const headers = { accept: "text/event-stream", "last-event-id": eventId };
    const answer = await this.#exchange("GET", signal, { headers }).catch((error: unknown) => {
      if (signal.aborted) throw error;
    });
    if (answer === undefined) return undefined;
    if (answer.ok && answer.body !== null) return answer.body;
    throw new Error(`status ${answer.status}: ${(await this.#textOf(answer)).slice(0, 300)}`);
  }

  /**
   * Reads on while a person answers. A server that does not get the answer would wait forever. Returns whether the
   * messages include the answer to a request.
   */
  #dispatchAll(value: unknown, requestId: unknown): boolean {
    const messages = each(this.#authorization === undefined ? value : this.#authorization.masked(value));
    for (const message of messages)
      dispatch(message, this.#listener, requestId)
        ?.then((answer) => this.send(answer))
        .catch((error: unknown) => this.#listener.disconnected(`it did not take an answer: ${error}`));
    return messages.some(({ id, method }) => id === requestId && method === undefined);
  }

  stopListening(): void {
    this.#listening.abort();
  }

  close(): void {
    this.stopListening();
    this.#closing.abort();
  }
}
