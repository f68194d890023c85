/** Prices of models, as their providers published them on 2025-11-01. The option `prices` of a worker adds to them. */

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Price of tokens that come from the provider's cache. Default: the price of input. */
  readonly cached?: number | undefined;
}

/** Prices by the start of a model's name. The longest match counts. */
const known: Readonly<Record<string, Price>> = {
  "claude-opus-4-1": { input: 15, output: 75, cached: 1.5 },
  "claude-sonnet-4": { input: 3, output: 15, cached: 0.3 },
  "claude-haiku-4-5": { input: 1, output: 5, cached: 0.1 },
  "gpt-5": { input: 1.25, output: 10, cached: 0.125 },
  "gpt-5-mini": { input: 0.25, output: 2, cached: 0.025 },
  "gpt-5-nano": { input: 0.05, output: 0.4, cached: 0.005 },
  "gpt-4.1": { input: 2, output: 8, cached: 0.5 },
  "gpt-4.1-mini": { input: 0.4, output: 1.6, cached: 0.1 },
};

const million = 1_000_000;

export function priceOf(model: string, own: Readonly<Record<string, Price>>): Price | undefined {
  return longest(model, own) ?? longest(model, known);
}

function longest(model: string, prices: Readonly<Record<string, Price>>): Price | undefined {
  const [best] = Object.keys(prices)
    .filter((start) => model.startsWith(start))
    .sort((one, other) => other.length - one.length);
  return best === undefined ? undefined : prices[best];
}

export function costOf(
  { input, output, cached = input }: Price,
  used: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedTokens?: number },
): number {
  const { inputTokens, outputTokens, cachedTokens = 0 } = used;
  const fresh = Math.max(0, inputTokens - cachedTokens);
  return (fresh * input + cachedTokens * cached + outputTokens * output) / million;
}
