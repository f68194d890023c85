/** Sums of what work uses up, as plain as can be. */
export interface Sum {
  tokens: number;
  money: number;
  timeMs: number;
}

export type Given = Readonly<Partial<Sum>> | undefined;

export const parts = ["tokens", "money", "timeMs"] as const;
/** What is added up in another order differs by less. */
export const slack = 1e-4;

export function sumOf(given: Given = {}): Sum {
  const { tokens = 0, money = 0, timeMs = 0 } = given;
  return { tokens, money, timeMs };
}

export function plus(one: Given, other: Given, sign = 1): Sum {
  const [first, second] = [sumOf(one), sumOf(other)];
  return {
    tokens: first.tokens + sign * second.tokens,
    money: first.money + sign * second.money,
    timeMs: first.timeMs + sign * second.timeMs,
  };
}

export function isAlike(one: Given, other: Given): boolean {
  const difference = plus(one, other, -1);
  return parts.every((part) => Math.abs(difference[part]) < slack);
}

export function inWords(given: Given): string {
  const { tokens, money, timeMs } = sumOf(given);
  return `${tokens} tokens, money ${money}, ${timeMs} ms`;
}
