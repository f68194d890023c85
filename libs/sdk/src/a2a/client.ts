/**
 * An agent of another system, by the Agent2Agent protocol 1.0 over JSON-RPC or HTTP+JSON.
 *
 * 1. Credentials go only to the server of the card. A card that names another server is refused, except when one of the
 *    configured keys signed it.
 * 2. A signed card is verified. If keys are configured, one of them must have signed the card.
 */
import type { Json } from "@tutti/expressions";
import { answerText, type Clock, isTuttiError, reasonOf, type Timers } from "@tutti/kernel";
import { type CardKey, isCardSignedBy, signatureHeaders } from "@tutti/policy/agent-card";
import { eventsOf } from "../agents/models/sse.ts";
import { isMembers, type Members, membersIn, textIn } from "../agents/models/wire.ts";
import { type A2aBudget, type A2aUse, budgetExtension, useOf } from "./budget.ts";
import { a2aErrors } from "./errors.ts";

export interface A2aAgentOptions {
  /** Address of the agent. Its card is at `/.well-known/agent-card.json` below it. */
  readonly url: string;
  /** Headers of each request, such as a key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Public keys (JWK). One of them must have signed the card. */
  readonly keys?: readonly CardKey[];
  /** Metadata of each message, such as `{ skillId: "greet" }`. */
  readonly metadata?: Readonly<Record<string, Json>>;
}

export interface A2aPorts {
  readonly fetch: typeof fetch;
  readonly timers: Timers;
  readonly clock: Clock;
}

export interface A2aTask {
  /** Empty if the agent answered with a message instead. */
  readonly id: string;
  readonly contextId: string;
  readonly state: string;
  /** Text that the agent gives with the state. */
  readonly text: string;
  /** Data that the agent gives with the text. */
  readonly question: Json;
  readonly output: Json;
  /** Use of the task so far. Undefined if the agent does not report it. */
  readonly used?: A2aUse | undefined;
}

interface Message {
  readonly messageId: string;
  readonly parts: readonly Json[];
  /** The task that the message continues. */
  readonly task?: A2aTask;
  readonly budget?: A2aBudget | undefined;
}

interface Endpoint {
  readonly url: string;
  readonly isRpc: boolean;
  readonly tenant: string;
}

const version = "1.0";
const answerMs = 30_000;
const cardMs = 300_000;
/** A longer text of a status is cut, and larger data is not shown. */
const textLengthMax = 4_000;
const questionLengthMax = 65_536;
const ended = ["COMPLETED", "FAILED", "CANCELED", "REJECTED"];

export const hasEnded = ({ state }: A2aTask): boolean => ended.includes(state);
export const needsInput = ({ state }: A2aTask): boolean =>
  state === "INPUT_REQUIRED" || state === "AUTH_REQUIRED";

/** Operations: the method of JSON-RPC, and the request of HTTP+JSON. */
const operations: Readonly<Record<Operation, (id: string) => readonly ["GET" | "POST", string]>> = {
  SendMessage: () => ["POST", "/message:send"],
  GetTask: (id: string) => ["GET", `/tasks/${encodeURIComponent(id)}`],
  CancelTask: (id: string) => ["POST", `/tasks/${encodeURIComponent(id)}:cancel`],
  SubscribeToTask: (id: string) => ["POST", `/tasks/${encodeURIComponent(id)}:subscribe`],
};
type Operation = "SendMessage" | "GetTask" | "CancelTask" | "SubscribeToTask";

export class A2aClient {
  readonly #name: string;
  readonly #options: A2aAgentOptions;
  readonly #ports: A2aPorts;
  #endpoint: { readonly found: Promise<Endpoint>; readonly untilMs: number } | undefined;

  constructor(name: string, options: A2aAgentOptions, ports: A2aPorts) {
    this.#name = name;
    this.#options = options;
    this.#ports = ports;
  }

  /** Sends a message, and returns its task at once. Two messages with the same id are the same message. */
  async send({ messageId, parts, task, budget }: Message, signal?: AbortSignal): Promise<A2aTask> {
    const metadata = {
      ...this.#options.metadata,
      ...(budget !== undefined && { [budgetExtension]: budget }),
    };
    const sent = {
      messageId,
      role: "ROLE_USER",
      parts,
      ...(task !== undefined && { taskId: task.id, contextId: task.contextId }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...(budget !== undefined && { extensions: [budgetExtension] }),
    };
    const configuration = { returnImmediately: true };
    const answer = await this.#call("SendMessage", "", { message: sent, configuration }, signal);
    if (isMembers(answer["task"])) {
      const started = this.#valid(taskOf(answer["task"]));
      if (started.id === "") throw this.#unreachable("a task without an id");
      return started;
    }
    if (!isMembers(answer["message"])) throw this.#unreachable("an answer without a task or a message");
    const message = answer["message"];
    const used = useOf(membersIn(message, "metadata"));
    return { ...emptyTask, state: "COMPLETED", output: outputOf(partsIn(message)), used };
  }

  async get(id: string, signal?: AbortSignal): Promise<A2aTask> {
    const task = this.#valid(taskOf(await this.#call("GetTask", id, { id, historyLength: 0 }, signal)));
    return { ...task, id };
  }

  /** Cancels a task. A task that has ended does not change. */
  async cancel(id: string): Promise<void> {
    try {
      await this.#call("CancelTask", id, { id });
    } catch (error) {
      if (!a2aErrors.refused.is(error)) throw error;
    }
  }

  /** Follows a task until its state changes or the time is over. */
  async follow(task: A2aTask, forMs: number, signal: AbortSignal): Promise<A2aTask> {
    await this.#within(forMs, signal, async (late) => {
      try {
        for await (const event of this.#stream(task.id, late)) {
          const status = membersIn(membersIn(event, "statusUpdate"), "status");
          const state = stateOf(status) || stateOf(membersIn(membersIn(event, "task"), "status"));
          if (state !== "" && state !== task.state) break;
        }
      } catch (error) {
        // If the agent does not stream, its stream ends, or the time is over, the state is read with GetTask.
        if (signal.aborted) throw error;
      }
    });
    return this.get(task.id, signal);
  }

  async *#stream(id: string, signal: AbortSignal): AsyncGenerator<Members, void> {
    const answer = await this.#request("SubscribeToTask", id, { id }, signal);
    const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
    if (!isStream || answer.body === null) {
      await this.#resultOf(answer);
      return;
    }
    for await (const data of eventsOf(answer.body)) yield this.#unwrapped(JSON.parse(data));
  }

  async #call(operation: Operation, id: string, params: Members, signal?: AbortSignal): Promise<Members> {
    try {
      return await this.#within(answerMs, signal, async (ending) =>
        this.#resultOf(await this.#request(operation, id, params, ending)),
      );
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw isTuttiError(error) ? error : this.#unreachable(error);
    }
  }

  async #request(operation: Operation, id: string, params: Members, signal: AbortSignal): Promise<Response> {
    const { url, isRpc, tenant } = await this.#found();
    const [method, path] = operations[operation](id);
    const accept = operation === "SubscribeToTask" ? "text/event-stream" : "application/json";
    const type = isRpc ? "application/json" : "application/a2a+json";
    const { id: _, ...rest } = params;
    const body = isRpc
      ? { jsonrpc: "2.0", id: 1, method: operation, params: { ...params, ...(tenant !== "" && { tenant }) } }
      : rest;
    const hasBody = isRpc || method === "POST";
    const within = tenant === "" ? "" : `/${encodeURIComponent(tenant)}`;
    return this.#ports.fetch(isRpc ? url : `${url}${within}${path}`, {
      method: isRpc ? "POST" : method,
      signal,
      redirect: "error",
      headers: {
        accept,
        "a2a-version": version,
        "a2a-extensions": budgetExtension,
        ...(hasBody && { "content-type": type }),
        ...this.#options.headers,
      },
      ...(hasBody && { body: JSON.stringify(body) }),
    });
  }

  async #resultOf(answer: Response): Promise<Members> {
    const text = await answerText(answer);
    const isTransient = answer.status >= 500 || answer.status === 429 || answer.status === 408;
    if (isTransient) throw this.#unreachable(`status ${answer.status}: ${text.slice(0, 300)}`);
    return this.#unwrapped(text === "" ? {} : JSON.parse(text), answer);
  }

  /** Returns the result in an answer of either binding. */
  #unwrapped(value: unknown, answer?: Response): Members {
    if (!isMembers(value)) throw this.#unreachable("an answer that is no object");
    const error = value["error"];
    if (isMembers(error) || answer?.ok === false) {
      const text = isMembers(error) ? textIn(error, "message") : textIn(value, "detail");
      const reason = text || `status ${answer?.status}`;
      throw a2aErrors.refused({ agent: this.#name, reason });
    }
    return value["jsonrpc"] === undefined ? value : membersIn(value, "result");
  }

  #found(): Promise<Endpoint> {
    const known = this.#endpoint;
    if (known !== undefined && known.untilMs > this.#ports.clock.monotonic()) return known.found;
    const found = this.#find();
    this.#endpoint = { found, untilMs: this.#ports.clock.monotonic() + cardMs };
    found.catch(() => {
      this.#endpoint = undefined;
    });
    return found;
  }

  async #find(): Promise<Endpoint> {
    const base = this.#options.url.replace(/\/$/, "");
    const card = await this.#json(`${base}/.well-known/agent-card.json`, this.#options.headers);
    const isTrusted = await this.#check(card, base);
    const listed = card["supportedInterfaces"];
    const endpoint = (Array.isArray(listed) ? listed : [])
      .filter(isMembers)
      .find(
        (candidate) =>
          ["JSONRPC", "HTTP+JSON"].includes(textIn(candidate, "protocolBinding")) &&
          /^1(\.|$)/.test(textIn(candidate, "protocolVersion")),
      );
    if (endpoint === undefined) throw this.#refused("it has no interface of version 1.0 that is known here");
    const url = textIn(endpoint, "url").replace(/\/$/, "");
    if (!URL.canParse(url)) throw this.#refused("its interface has no address");
    if (!isTrusted && new URL(url).origin !== new URL(base).origin)
      throw this.#refused(`it leads to ${new URL(url).origin}. Set the keys of the agent to permit this.`);
    return {
      url,
      isRpc: textIn(endpoint, "protocolBinding") === "JSONRPC",
      tenant: textIn(endpoint, "tenant"),
    };
  }

  /** Verifies the signature. Returns true if one of the configured keys signed the card. */
  async #check(card: Members, base: string): Promise<boolean> {
    const { keys } = this.#options;
    if (keys !== undefined) {
      if (!isCardSignedBy(card, keys)) throw this.#refused("none of the configured keys has signed it");
      return true;
    }
    // Keys of the agent's own server prove that the card is unchanged. They do not prove who issued it.
    const { origin } = new URL(base);
    const places = signatureHeaders(card).flatMap(({ jku }) =>
      URL.canParse(jku) && new URL(jku).origin === origin ? [jku] : [],
    );
    const [place] = places;
    if (place === undefined) return false;
    const { keys: served } = await this.#json(place);
    const found = (Array.isArray(served) ? served : []).filter(isMembers);
    if (!isCardSignedBy(card, found)) throw this.#refused("its signature is wrong");
    return false;
  }

  /** Runs with a signal that aborts after a time, or when the caller's signal aborts. */
  async #within<T>(
    forMs: number,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const timer = this.#ports.timers.after(forMs, () => late.abort());
    try {
      return await run(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
    } finally {
      timer.cancel();
    }
  }

  async #json(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Members> {
    const allHeaders = { accept: "application/json", "a2a-version": version, ...headers };
    try {
      return await this.#within(answerMs, undefined, async (signal) => {
        const answer = await this.#ports.fetch(url, { headers: allHeaders, redirect: "error", signal });
        const text = await answerText(answer);
        if (answer.status >= 400 && answer.status < 500)
          throw this.#refused(`${url} answered with status ${answer.status}`);
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const value: unknown = JSON.parse(text);
        if (!isMembers(value)) throw new Error(`${url} has no object`);
        return value;
      });
    } catch (error) {
      throw isTuttiError(error) ? error : this.#unreachable(error);
    }
  }

  #valid(task: A2aTask): A2aTask {
    if (task.state === "") throw this.#unreachable("a task without a state");
    return task;
  }

  #refused(reason: string) {
    return a2aErrors.cardRefused({ agent: this.#name, reason });
  }

  #unreachable(error: unknown) {
    const reason = reasonOf(error);
    return a2aErrors.unreachable({ agent: this.#name, reason });
  }
}

const emptyTask: A2aTask = { id: "", contextId: "", state: "", text: "", question: null, output: null };

function taskOf(task: Members): A2aTask {
  const status = membersIn(task, "status");
  const parts = partsIn(membersIn(status, "message"));
  const question = (parts.find((part) => part["data"] !== undefined)?.["data"] ?? null) as Json;
  const artifacts = (Array.isArray(task["artifacts"]) ? task["artifacts"] : []).filter(isMembers);
  return {
    id: textIn(task, "id"),
    contextId: textIn(task, "contextId"),
    state: stateOf(status),
    text: shortened(
      parts
        .map((part) => textIn(part, "text"))
        .filter(Boolean)
        .join("\n"),
    ),
    question: JSON.stringify(question).length > questionLengthMax ? null : question,
    output: artifacts.length === 0 ? null : artifactsOf(artifacts),
    used: useOf(membersIn(task, "metadata")),
  };
}

const stateOf = (status: Members): string => textIn(status, "state").replace("TASK_STATE_", "");

function partsIn({ parts }: Members): readonly Members[] {
  return (Array.isArray(parts) ? parts : []).filter(isMembers);
}

/** Returns the content of a single artifact, or a list of several artifacts with their names. */
function artifactsOf(artifacts: readonly Members[]): Json {
  const [first, ...more] = artifacts;
  if (first !== undefined && more.length === 0) return outputOf(partsIn(first));
  return artifacts.map((artifact) => ({
    name: textIn(artifact, "name"),
    content: outputOf(partsIn(artifact)),
  }));
}

/** Returns the text, the data of a single part, or the parts as they are. */
function outputOf(parts: readonly Members[]): Json {
  if (parts.every((part) => typeof part["text"] === "string"))
    return parts.map((part) => textIn(part, "text")).join("\n");
  const [first, ...more] = parts;
  if (first?.["data"] !== undefined && more.length === 0) return first["data"] as Json;
  return parts as unknown as Json;
}

function shortened(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text;
}
