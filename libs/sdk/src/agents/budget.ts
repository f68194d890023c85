/**
 * The budget of an agent, as an escrow. Each answer of a model is reserved before the request. Each call of a tool may
 * spend a part of the rest. Its use counts when it has ended.
 */
import { durationText } from "@tutti/kernel";
import type { LeftAmounts } from "../functions/wire.ts";
import type { ModelReply } from "./conversation.ts";
import { agentErrors } from "./errors.ts";
import type { Models } from "./models/models.ts";

export interface Budget {
  readonly tokens: number | undefined;
  readonly usd: number | undefined;
  readonly timeMs: number | undefined;
}

/** Options that bound a call. */
export interface Part {
  readonly budget?: { readonly tokens?: number; readonly money?: number };
  readonly timeout?: { readonly total: string };
}

/** Below this an answer is of no use, if the agent does not request less. */
const usefulTokens = 64;

export class Spending {
  readonly #budget: Budget;
  readonly #models: Models;
  readonly #startMs: number;
  /** Open questions to people, and the time in which at least one was open. */
  #questions = 0;
  #questionStartMs = 0;
  #waitedMs = 0;
  #answers = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #usd = 0;
  /** Amounts used by calls of tools, such as the agents that this agent delegates to. */
  readonly #delegated = { tokens: 0, money: 0 };

  constructor(budget: Budget, models: Models, startMs: number) {
    this.#budget = budget;
    this.#models = models;
    this.#startMs = startMs;
  }

  get used() {
    const usd = Math.round(this.#usd * 1e6) / 1e6;
    return { answers: this.#answers, inputTokens: this.#inputTokens, outputTokens: this.#outputTokens, usd };
  }

  /** Throws for a model of an unknown provider, or a model whose cost cannot be bounded. */
  check(model: string): void {
    if (model.startsWith("uses:")) return;
    this.#models.check(model);
    if (this.#budget.usd !== undefined && this.#costOf(model, 1, 1) === undefined)
      throw agentErrors.priceUnknown({ model });
  }

  /** Returns how many tokens the answer may have. */
  reserve(model: string, inputTokens: number, answerTokens: number, nowMs: number): number {
    const { tokens, usd, timeMs } = this.#budget;
    const elapsedMs = this.#elapsedMs(nowMs);
    if (timeMs !== undefined && elapsedMs >= timeMs)
      throw exhausted("time", durationText(elapsedMs), durationText(timeMs));
    const answerTokensMin = Math.min(usefulTokens, answerTokens);
    let room = answerTokens;
    if (tokens !== undefined) {
      room = Math.min(room, tokens - this.#tokensUsed - inputTokens);
      if (room < answerTokensMin) {
        if (this.#tokensUsed >= tokens) throw exhausted("tokens", String(this.#tokensUsed), String(tokens));
        const needed = inputTokens + answerTokensMin;
        throw short(`${needed} tokens`, String(tokens - this.#tokensUsed), String(tokens));
      }
    }
    if (usd !== undefined) {
      const inputUsd = this.#costOf(model, inputTokens, 0) ?? 0;
      const remainingUsd = usd - this.#usdUsed - inputUsd;
      const each = this.#costOf(model, 0, 1) ?? 0;
      room = each === 0 ? room : Math.min(room, Math.floor(remainingUsd / each));
      if (room < answerTokensMin) {
        if (this.#usdUsed >= usd) throw exhausted("money", `$${this.#usdUsed.toFixed(4)}`, `$${usd}`);
        const needed = inputUsd + each * answerTokensMin;
        throw short(`$${needed.toFixed(4)}`, `$${(usd - this.#usdUsed).toFixed(4)}`, `$${usd}`);
      }
    }
    return room;
  }

  /** Returns how long the next answer may take, in milliseconds. Undefined without a limit. */
  remainingMs(nowMs: number): number | undefined {
    const { timeMs } = this.#budget;
    return timeMs === undefined ? undefined : Math.max(1, Math.ceil(timeMs - this.#elapsedMs(nowMs)));
  }

  /**
   * Returns the bounds of each of several concurrent calls, in equal parts of the rest. Throws if an amount with a limit
   * is used up.
   */
  part(calls: number, nowMs: number): Part {
    const { tokens, usd, timeMs } = this.#budget;
    const part = {
      ...(tokens !== undefined && { tokens: Math.floor((tokens - this.#tokensUsed) / calls) }),
      ...(usd !== undefined && { money: Math.floor(((usd - this.#usdUsed) / calls) * 1e6) / 1e6 }),
    };
    if (part.tokens !== undefined && part.tokens <= 0)
      throw exhausted("tokens", String(this.#tokensUsed), String(tokens));
    if (part.money !== undefined && part.money <= 0)
      throw exhausted("money", `$${this.#usdUsed.toFixed(4)}`, `$${usd}`);
    const elapsedMs = this.#elapsedMs(nowMs);
    if (timeMs !== undefined && elapsedMs >= timeMs)
      throw exhausted("time", durationText(elapsedMs), durationText(timeMs));
    const remainingMs = timeMs === undefined ? undefined : timeMs - elapsedMs;
    return {
      ...((tokens ?? usd) !== undefined && { budget: part }),
      ...(remainingMs !== undefined && { timeout: { total: `${Math.ceil(remainingMs)}ms` } }),
    };
  }

  /** A person is asked. The time until the decision does not count. */
  openQuestion(nowMs: number): void {
    if (this.#questions === 0) this.#questionStartMs = nowMs;
    this.#questions += 1;
  }

  closeQuestion(nowMs: number): void {
    this.#questions -= 1;
    if (this.#questions === 0) this.#waitedMs += nowMs - this.#questionStartMs;
  }

  #elapsedMs(nowMs: number): number {
    const untilMs = this.#questions === 0 ? nowMs : this.#questionStartMs;
    return untilMs - this.#startMs - this.#waitedMs;
  }

  /** Adds the use of calls. */
  add({ tokens = 0, money = 0 }: { readonly tokens?: number; readonly money?: number }): void {
    this.#delegated.tokens += tokens;
    this.#delegated.money += money;
  }

  get #tokensUsed(): number {
    return this.#inputTokens + this.#outputTokens + this.#delegated.tokens;
  }

  get #usdUsed(): number {
    return this.#usd + this.#delegated.money;
  }

  /** Returns how many tokens the answer may have within the rest of the budget of the run. */
  within(
    model: string,
    inputTokens: number,
    answerTokens: number,
    remaining: LeftAmounts | undefined,
  ): number {
    const { tokens, money } = remaining ?? {};
    const answerTokensMin = Math.min(usefulTokens, answerTokens);
    let room = answerTokens;
    if (tokens !== undefined) {
      room = Math.min(room, tokens - inputTokens);
      if (room < answerTokensMin)
        throw agentErrors.runBudgetExhausted({
          left: `${Math.max(0, tokens)} tokens`,
          needed: `${inputTokens + answerTokensMin} tokens`,
        });
    }
    const each = this.#costOf(model, 0, 1) ?? 0;
    if (money !== undefined && each > 0) {
      const inputUsd = this.#costOf(model, inputTokens, 0) ?? 0;
      const remainingUsd = money - inputUsd;
      room = Math.min(room, Math.floor(remainingUsd / each));
      if (room < answerTokensMin)
        throw agentErrors.runBudgetExhausted({
          left: `$${Math.max(0, money).toFixed(4)}`,
          needed: `$${(inputUsd + each * answerTokensMin).toFixed(4)}`,
        });
    }
    return room;
  }

  spend(model: string, reply: ModelReply): void {
    this.#answers += 1;
    this.#inputTokens += reply.inputTokens;
    this.#outputTokens += reply.outputTokens;
    this.#usd += this.#models.cost(model, reply) ?? 0;
  }

  #costOf(model: string, inputTokens: number, outputTokens: number): number | undefined {
    return this.#models.cost(model, { inputTokens, outputTokens });
  }
}

function exhausted(budget: string, used: string, limit: string): Error {
  return agentErrors.budgetExhausted({
    reason: `The agent's budget of ${budget} is used up: ${used} of ${limit}`,
  });
}

function short(needed: string, remaining: string, limit: string): Error {
  return agentErrors.budgetExhausted({
    reason: `The next answer needs at least ${needed}, and ${remaining} of the agent's budget of ${limit} are left`,
  });
}
