/** The models that a worker can ask: providers by name, each with its wire format. */

import { answerText, type Clock, durationText, isTuttiError, nearest, type Timers } from "@tutti/kernel";
import type { TaskContext } from "../../task/context.ts";
import { TaskFailure } from "../../task/failure.ts";
import type { ModelQuestion, ModelReply } from "../conversation.ts";
import { agentErrors } from "../errors.ts";
import { anthropic } from "./anthropic.ts";
import { chat } from "./chat.ts";
import { costOf, type Price, priceOf } from "./prices.ts";
import { responses } from "./responses.ts";
import { eventsOf } from "./sse.ts";
import { isMembers, membersIn, StreamError, textIn, type Wire } from "./wire.ts";

/** A provider of models. */
export interface Provider {
  /** Protocol: Anthropic's Messages, OpenAI's Chat Completions or Responses. */
  readonly speaks: "messages" | "chat" | "responses";
  /** The base of its addresses, such as `https://api.openai.com/v1`. */
  readonly url: string;
  readonly key?: string;
}

export interface ModelsOptions {
  /** Providers by the name before the colon of a model. Default: the providers of the environment. */
  readonly providers?: Readonly<Record<string, Provider>>;
  /** Prices of a million tokens, by model. Added to the known prices. */
  readonly prices?: Readonly<Record<string, Price>>;
}

export interface ModelsPorts {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timers: Timers;
}

const wires: Readonly<Record<Provider["speaks"], Wire>> = { messages: anthropic, chat, responses };
/**
 * A provider of models that sends nothing for so long has lost the request.
 *
 * @defaults
 */
const silenceMs = 120_000;
const reasonLengthMax = 500;

/**
 * Providers as their own tools find them in the environment. `local` is Ollama unless TUTTI_LOCAL_MODELS reports
 * something else.
 */
export function providersIn(environment: NodeJS.ProcessEnv): Readonly<Record<string, Provider>> {
  // Shells and compose files leave unset variables empty.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const { ANTHROPIC_API_KEY: anthropicKey, OPENAI_API_KEY: openaiKey } = set;
  const { ANTHROPIC_BASE_URL: anthropicUrl, OPENAI_BASE_URL: openaiUrl } = set;
  const { TUTTI_LOCAL_MODELS: local = "http://127.0.0.1:11434/v1" } = set;
  const openai = { url: openaiUrl ?? "https://api.openai.com/v1", ...(openaiKey && { key: openaiKey }) };
  return {
    ...((anthropicKey ?? anthropicUrl) !== undefined && {
      anthropic: {
        speaks: "messages",
        url: anthropicUrl ?? "https://api.anthropic.com",
        ...(anthropicKey !== undefined && { key: anthropicKey }),
      } as const,
    }),
    ...((openaiKey ?? openaiUrl) !== undefined && {
      openai: { speaks: "responses", ...openai } as const,
      "openai-compatible": { speaks: "chat", ...openai } as const,
    }),
    local: { speaks: "chat", url: local },
  };
}

export class Models {
  readonly #providers: Readonly<Record<string, Provider>>;
  readonly #prices: Readonly<Record<string, Price>>;
  readonly #ports: ModelsPorts;

  constructor({ providers = {}, prices = {} }: ModelsOptions, ports: ModelsPorts) {
    this.#providers = providers;
    this.#prices = prices;
    this.#ports = ports;
  }

  /** Throws for a model whose provider is unknown. */
  check(model: string): void {
    this.#providerOf(model);
  }

  /** Returns the cost of tokens of a model, in US dollars. Undefined if the price is unknown. */
  cost(
    model: string,
    used: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedTokens?: number },
  ): number | undefined {
    const [, name] = splitModel(model);
    const price = priceOf(name, this.#prices);
    return price === undefined ? undefined : costOf(price, used);
  }

  /**
   * Asks a model. Passes on text as it arrives.
   * @param remainingMs time that the agent has left
   */
  async complete(
    model: string,
    question: Omit<ModelQuestion, "model">,
    task: TaskContext,
    remainingMs?: number,
  ): Promise<ModelReply> {
    const provider = this.#providerOf(model);
    const [providerName, name] = splitModel(model);
    return task.askModel({ provider: providerName, model: name }, async (answered) => {
      const reply = await this.#request(model, provider, { ...question, model: name }, task, remainingMs);
      const { inputTokens, outputTokens, stop } = reply;
      answered({ model: reply.model, inputTokens, outputTokens, finishReasons: [stop] });
      return reply;
    });
  }

  #providerOf(model: string): Provider {
    const [provider, name] = splitModel(model);
    const known = Object.hasOwn(this.#providers, provider) ? this.#providers[provider] : undefined;
    if (known !== undefined && name !== "") return known;
    const names = Object.keys(this.#providers);
    throw agentErrors.modelUnknown({ problem: modelProblem(model, names), known: names.join(", ") });
  }

  async #request(
    model: string,
    provider: Provider,
    question: ModelQuestion,
    task: TaskContext,
    remainingMs: number | undefined,
  ): Promise<ModelReply> {
    const wire = wires[provider.speaks];
    const watchdog = new RequestWatchdog(this.#ports.timers, task.signal, remainingMs);
    try {
      const answer = await this.#ports.fetch(`${provider.url.replace(/\/+$/, "")}${wire.path}`, {
        method: "POST",
        // The key is shown to no other service.
        redirect: "error",
        signal: watchdog.signal,
        headers: {
          "content-type": "application/json",
          accept: "text/event-stream",
          ...wire.headers(provider.key ?? ""),
        },
        body: JSON.stringify(wire.body(question)),
      });
      if (!answer.ok) throw await this.#refused(model, answer);
      if (answer.body === null) throw unavailable(model, "an empty answer");
      const reader = wire.reader();
      for await (const data of eventsOf(answer.body)) {
        watchdog.touch();
        watchdog.signal.throwIfAborted();
        if (data === "[DONE]") break;
        const event: unknown = JSON.parse(data);
        const text = isMembers(event) ? reader.read(event) : "";
        if (text !== "") await task.output(text, { channel: "answer" });
      }
      if (reader.reply === undefined) throw unavailable(model, "the answer broke off");
      return reader.reply;
    } catch (thrown) {
      if (isTuttiError(thrown)) throw thrown;
      if (task.signal.aborted) throw task.signal.reason;
      if (watchdog.isLate) throw outOfTime(remainingMs ?? 0);
      throw unavailable(model, reasonOf(thrown, watchdog));
    } finally {
      watchdog.close();
    }
  }

  async #refused(model: string, answer: Response): Promise<Error> {
    const { status } = answer;
    const reason = reasonIn(await answerText(answer).catch(() => ""));
    // These statuses mean overload: 408, 409, 425, 429, and all from 500 on.
    if (status < 500 && ![408, 409, 425, 429].includes(status))
      return agentErrors.modelRefused({ model, status: String(status), reason });
    const retryAfterMs = retryAfterIn(answer.headers, this.#ports.clock.now());
    return unavailable(model, `status ${status}: ${reason}`, retryAfterMs);
  }
}

/** Aborts a request if its answer has stopped, or if the agent has no time left. */
class RequestWatchdog {
  readonly #timers: Timers;
  readonly #silent = new AbortController();
  readonly #late = new AbortController();
  readonly #limit;
  readonly signal: AbortSignal;
  #timer;

  constructor(timers: Timers, outer: AbortSignal, remainingMs: number | undefined) {
    this.#timers = timers;
    this.signal = AbortSignal.any([outer, this.#silent.signal, this.#late.signal]);
    this.#timer = this.#after();
    this.#limit = remainingMs === undefined ? undefined : timers.after(remainingMs, () => this.#late.abort());
  }

  get isLate(): boolean {
    return this.#late.signal.aborted;
  }

  get isSilent(): boolean {
    return this.#silent.signal.aborted;
  }

  touch(): void {
    this.#timer.cancel();
    this.#timer = this.#after();
  }

  close(): void {
    this.#timer.cancel();
    this.#limit?.cancel();
  }

  #after() {
    return this.#timers.after(silenceMs, () => this.#silent.abort());
  }
}

function unavailable(model: string, reason: string, retryAfterMs?: number): Error {
  const { code, message } = agentErrors.modelUnavailable({ model, reason });
  return new TaskFailure(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function outOfTime(remainingMs: number): Error {
  const reason = `The agent's budget of time is used up: its model took longer than the remaining ${durationText(remainingMs)}`;
  return agentErrors.budgetExhausted({ reason });
}

function reasonOf(thrown: unknown, watchdog: RequestWatchdog): string {
  if (watchdog.isSilent) return `no data for ${silenceMs / 1_000} s`;
  if (thrown instanceof StreamError || thrown instanceof SyntaxError) return thrown.message;
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
}

/** Returns the message in the body of a refusal, in any form. */
function reasonIn(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    const message = isMembers(body) ? textIn(membersIn(body, "error"), "message") : "";
    if (message !== "") return message.slice(0, reasonLengthMax);
  } catch {
    // Not JSON: the text itself.
  }
  return text.trim().slice(0, reasonLengthMax) || "no reason given";
}

/** Reads `retry-after`, in seconds or as a date, and `retry-after-ms`, which some providers send in addition. */
function retryAfterIn(headers: Headers, nowMs: number): number | undefined {
  const precise = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (precise >= 0) return precise;
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1_000;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - nowMs);
}

/** Providers that a key in the environment adds. */
const keyed = ["anthropic", "openai", "openai-compatible"];

function modelProblem(model: string, known: readonly string[]): string {
  const [provider, name] = splitModel(model);
  if (provider === "") return `The model \`${name}\` has no provider: write it as \`PROVIDER:${name}\``;
  if (name === "") return `The model \`${model}\` has no name behind its provider`;
  const names = [...known, ...keyed];
  const meant = names.includes(provider) ? undefined : nearest(provider, names);
  const hint = meant === undefined ? "" : ` (did you mean \`${meant}\`?)`;
  return `The provider of the model \`${model}\` is unknown${hint}`;
}

/** Splits `anthropic:claude-sonnet-4-5` at its colon. */
function splitModel(model: string): readonly [provider: string, name: string] {
  const at = model.indexOf(":");
  return at < 0 ? ["", model] : [model.slice(0, at), model.slice(at + 1)];
}
