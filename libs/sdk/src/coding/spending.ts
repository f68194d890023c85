/**
 * The budget of a coding task, and the use that its program reports.
 *
 * 1. A program that does not report an amount gets no task with a limit of it, because the limit could not hold.
 * 2. While a turn runs, the answers of the model count. The end of the turn has the exact amounts, which replace them.
 * 3. The use that a program reports for its session includes earlier turns, also turns of a killed worker.
 * 4. A limit is used up when the use has reached it. A turn that has ended keeps its result.
 */
import { costOf, type Price, priceOf } from "../agents/models/prices.ts";
import { codingErrors } from "./errors.ts";
import type { CodingProfile, CodingProgress, ModelTokens } from "./profiles.ts";

/** 0 is no limit. */
export interface CodingLimits {
  readonly tokens: number;
  readonly money: number;
  readonly timeMs: number;
}

export interface CodingAmounts {
  readonly tokens: number;
  readonly usd: number;
}

const noLimits: CodingLimits = { tokens: 0, money: 0, timeMs: 0 };

export class CodingSpending {
  readonly limits: CodingLimits;
  readonly #prices: Readonly<Record<string, Price>>;
  readonly #tokens = new Counter();
  readonly #usd = new Counter();
  /** Answers of the current turn, by id. */
  readonly #answers = new Map<string, ModelTokens>();
  /** Ids of answers of earlier turns. */
  readonly #countedIds = new Set<string>();
  #model: string | undefined;
  #session: string | undefined;

  constructor(limits: CodingLimits = noLimits, prices: Readonly<Record<string, Price>> = {}) {
    this.limits = limits;
    this.#prices = prices;
  }

  get used(): CodingAmounts {
    const answers = [...this.#answers.values()].map((each) => this.#amountsOf(each));
    const tokens = answers.reduce((sum, each) => sum + each.tokens, this.#tokens.sum);
    const usd = answers.reduce((sum, each) => sum + each.usd, this.#usd.sum);
    return { tokens, usd: Math.round(usd * 1e6) / 1e6 };
  }

  /** True if the tokens or the money have a limit. */
  get isLimited(): boolean {
    return this.limits.tokens > 0 || this.limits.money > 0;
  }

  /** The remaining US dollars. Undefined without a limit. */
  get usdLeft(): number | undefined {
    const { money } = this.limits;
    return money > 0 ? Math.max(0, money - this.used.usd) : undefined;
  }

  /** The limit that is reached, in words. */
  get usedUp(): string | undefined {
    const { tokens, money } = this.limits;
    const { used } = this;
    if (tokens > 0 && used.tokens >= tokens) return `${used.tokens} of ${tokens} tokens are used`;
    if (money > 0 && used.usd >= money) return `$${used.usd} of $${money} are used`;
    return undefined;
  }

  /** Throws for a program that does not report an amount that has a limit. */
  check({ name: program, read, acp, reports }: CodingProfile, model: string | undefined): void {
    this.#model = model;
    const { tokens, money } = this.limits;
    const known = reports ?? (acp === true ? ["tokens"] : read === undefined ? [] : ["tokens", "usd"]);
    if (tokens > 0 && !known.includes("tokens"))
      throw codingErrors.useUnknown({ program, what: "how many tokens it uses" });
    if (money === 0 || known.includes("usd")) return;
    if (!known.includes("tokens") || model === undefined || priceOf(model, this.#prices) === undefined)
      throw codingErrors.useUnknown({ program, what: `what ${model ?? "its model"} costs` });
  }

  /** Continues a session, with the use of a worker that was killed. */
  resume(session: string, { tokens, usd }: CodingAmounts): void {
    this.#session = session;
    this.#tokens.set(tokens);
    this.#usd.set(usd);
  }

  /** Counts the use in a line of the program. */
  count(progress: CodingProgress): void {
    const { session, model, answered, tokens, usd, usage, sessionUsage, sessionUsd, turns = 0 } = progress;
    this.#model ??= model;
    if (session !== undefined && session !== "" && session !== this.#session) {
      this.#session = session;
      this.#tokens.startSession();
      this.#usd.startSession();
    }
    if (answered !== undefined && !this.#countedIds.has(answered.id)) {
      const { id, inputTokens, cachedTokens, outputTokens } = answered;
      const before = this.#answers.get(id);
      this.#answers.set(id, {
        inputTokens: Math.max(inputTokens, before?.inputTokens ?? 0),
        cachedTokens: Math.max(cachedTokens, before?.cachedTokens ?? 0),
        outputTokens: Math.max(outputTokens, before?.outputTokens ?? 0),
      });
    }
    const ofTurn = usage && this.#amountsOf(usage);
    const ofSession = sessionUsage && this.#amountsOf(sessionUsage);
    const estimated = turns > 0 ? this.#endTurn() : { tokens: 0, usd: 0 };
    this.#tokens.count(ofSession?.tokens, tokens ?? ofTurn?.tokens ?? estimated.tokens);
    this.#usd.count(sessionUsd ?? ofSession?.usd, usd ?? ofTurn?.usd ?? estimated.usd);
  }

  /** Returns the sum of the answers of the turn, for a program that reports nothing at its end. */
  #endTurn(): CodingAmounts {
    const sum = { tokens: 0, usd: 0 };
    for (const [id, each] of this.#answers) {
      const { tokens, usd } = this.#amountsOf(each);
      sum.tokens += tokens;
      sum.usd += usd;
      this.#countedIds.add(id);
    }
    this.#answers.clear();
    return sum;
  }

  #amountsOf({ inputTokens, cachedTokens, outputTokens }: ModelTokens): CodingAmounts {
    const price = this.#model === undefined ? undefined : priceOf(this.#model, this.#prices);
    return {
      tokens: Math.max(0, inputTokens - cachedTokens) + outputTokens,
      usd: price === undefined ? 0 : costOf(price, { inputTokens, cachedTokens, outputTokens }),
    };
  }
}

/** Counts per session. A program may report the sum of a session, or only new amounts. */
class Counter {
  #before = 0;
  #session = 0;

  get sum(): number {
    return this.#before + this.#session;
  }

  set(session: number): void {
    this.#session = session;
  }

  startSession(): void {
    this.#before += this.#session;
    this.#session = 0;
  }

  count(ofSession: number | undefined, more: number): void {
    // A log is read from its start, so it may report an earlier sum.
    this.#session = ofSession === undefined ? this.#session + more : Math.max(this.#session, ofSession);
  }
}
