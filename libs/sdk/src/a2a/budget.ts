/**
 * The budget sent to an agent of another system, and the use that the agent reports. Both are an extension of the
 * protocol. An agent that does not know the extension ignores it.
 */
import { durationText } from "@tutti/kernel";
import { isMembers, type Members, numberIn } from "../agents/models/wire.ts";
import type { LeftAmounts } from "../functions/wire.ts";

/** URI of the extension. Its metadata in a message is a budget. Its metadata in a task has `used`. */
export const budgetExtension = "urn:tutti:a2a:budget:1";

/** Each amount is set only if it has a limit. */
export interface A2aBudget {
  readonly tokens?: number;
  readonly usd?: number;
  readonly timeMs?: number;
}

export interface A2aUse {
  readonly tokens: number;
  readonly usd: number;
}

/** Returns the budget of a task: the rest of the run's budget. */
export function budgetOf(remaining: LeftAmounts | undefined): A2aBudget | undefined {
  const { tokens, money, timeMs } = remaining ?? {};
  const budget = {
    ...(tokens !== undefined && { tokens: Math.max(0, tokens) }),
    ...(money !== undefined && { usd: Math.max(0, money) }),
    ...(timeMs !== undefined && { timeMs: Math.max(0, timeMs) }),
  };
  return Object.keys(budget).length === 0 ? undefined : budget;
}

/** Returns the use that a task reports. Undefined if it reports none. */
export function useOf(metadata: Members): A2aUse | undefined {
  const { used } = (isMembers(metadata[budgetExtension]) ? metadata[budgetExtension] : {}) as Members;
  return isMembers(used) ? { tokens: numberIn(used, "tokens"), usd: numberIn(used, "usd") } : undefined;
}

/** Returns the limit that is reached, in words. */
export function usedUp(
  { tokens, usd, timeMs }: A2aBudget,
  used: A2aUse | undefined,
  passedMs: number,
): string | undefined {
  const { tokens: spent = 0, usd: cost = 0 } = used ?? {};
  if (tokens !== undefined && spent >= tokens) return `${spent} of ${tokens} tokens are used`;
  if (usd !== undefined && cost >= usd) return `$${cost} of $${usd} are used`;
  return timeMs !== undefined && passedMs >= timeMs ? `${durationText(timeMs)} have passed` : undefined;
}
