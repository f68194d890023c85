/**
 * The model calls of an attempt, so that a trace has them by OpenTelemetry's names.
 *
 * 1. Of more than 64 calls the first are reported. The usage of all of them is counted in any case.
 * 2. A call that is still open at the end of the attempt is reported with its data so far.
 */
import type { ModelCall, ModelCalls } from "@tutti/contracts/types/v1";

/** The request to a model. */
export interface ModelRequest {
  /** Such as `chat`, the default, or `embeddings`: as `gen_ai.operation.name` has it. */
  readonly operation?: string;
  /** Provider: `openai`, `anthropic`, as in `gen_ai.provider.name`. */
  readonly provider?: string;
  readonly model: string;
}

/** Facts of a model's answer. */
export interface ModelAnswer {
  /** Model of the answer, if it differs from the requested one. */
  readonly model?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Reasons of the end of the answer: `stop`, `length`. */
  readonly finishReasons?: readonly string[];
}

interface TimedCall {
  readonly startMs: number;
  endMs: number | undefined;
  readonly call: ModelCall;
}

const callsMax = 64;

export class ModelCallLog {
  readonly #calls: TimedCall[] = [];

  start({ operation = "chat", provider = "", model }: ModelRequest, startMs: number): RunningModelCall {
    const call: ModelCall = {
      operation,
      provider,
      requestModel: model,
      responseModel: "",
      inputTokens: 0,
      outputTokens: 0,
      agoMs: 0,
      tookMs: 0,
      finishReasons: [],
      errorType: "",
    };
    const timed: TimedCall = { startMs, endMs: undefined, call };
    if (this.#calls.length < callsMax) this.#calls.push(timed);
    return new RunningModelCall(timed);
  }

  /** As the result of the attempt bears them. */
  report(nowMs: number): ModelCalls {
    const calls = this.#calls.map(({ call, startMs, endMs = nowMs }) => ({
      ...call,
      agoMs: Math.max(0, nowMs - startMs),
      tookMs: Math.max(0, endMs - startMs),
    }));
    return { calls };
  }
}

export class RunningModelCall {
  readonly #timed: TimedCall;

  constructor(timed: TimedCall) {
    this.#timed = timed;
  }

  /** A later value replaces an earlier one. */
  answered({ model, inputTokens, outputTokens, finishReasons }: ModelAnswer): void {
    const { call } = this.#timed;
    if (model !== undefined) call.responseModel = model;
    if (inputTokens !== undefined) call.inputTokens = counted(inputTokens);
    if (outputTokens !== undefined) call.outputTokens = counted(outputTokens);
    if (finishReasons !== undefined) call.finishReasons = [...finishReasons];
  }

  /** Tokens of the call, which are used up whether it did well or not. */
  finish(nowMs: number, error?: unknown): number {
    const { call } = this.#timed;
    this.#timed.endMs = nowMs;
    if (error !== undefined) call.errorType = typeOf(error);
    return call.inputTokens + call.outputTokens;
  }
}

function counted(tokens: number): number {
  return Number.isFinite(tokens) ? Math.max(0, tokens) : 0;
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
