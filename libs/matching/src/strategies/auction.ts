import type { Strategy } from "./strategy.ts";

/** How much each part of a bid weighs. */
export interface AuctionWeights {
  readonly load: number;
  readonly speed: number;
  readonly cost: number;
}

export const auctionWeights: AuctionWeights = { load: 1, speed: 1, cost: 1 };
const criteria = ["load", "speed", "cost"] as const;
const weightMax = 1_000;
const textForm = /^auction(?:\(([a-z=.,0-9+-]*)\))?$/;

/** Returns `auction` with the weights that differ from the defaults: `auction(load=2)`. */
export function auctionText(weights: Partial<AuctionWeights>): string {
  const all = { ...auctionWeights, ...weights };
  const own = criteria.filter((each) => all[each] !== auctionWeights[each]);
  return own.length === 0 ? "auction" : `auction(${own.map((each) => `${each}=${all[each]}`).join(",")})`;
}

/** Returns the weights in such a text that differ from the defaults. Undefined for any other text. */
export function auctionIn(text: string): Partial<AuctionWeights> | undefined {
  const [found, list = ""] = textForm.exec(text) ?? [];
  if (found === undefined) return undefined;
  const own = list.split(",").filter((each) => each !== "");
  const weights = Object.fromEntries(
    own.map((each) => {
      const [name = "", value] = each.split("=");
      return [name, Number(value)];
    }),
  );
  return weightsProblem(weights) === undefined ? weights : undefined;
}

/** The first problem of weights, as a text. Undefined if they are valid. */
export function weightsProblem(weights: Readonly<Record<string, number>>): string | undefined {
  const wrong = Object.entries(weights).find(
    ([name, weight]) => !criteria.some((each) => each === name) || !isWeight(weight),
  );
  if (wrong === undefined) return undefined;
  return `strategy.weights: expected ${criteria.join(", ")}, each from 0 to ${weightMax}, got ${wrong.join("=")}`;
}

/** Returns variants of the weights: each halved, and each doubled. */
export function weightVariants(weights: Partial<AuctionWeights>): readonly AuctionWeights[] {
  const all = { ...auctionWeights, ...weights };
  const variants = criteria.flatMap((each) =>
    [0.5, 2].map((factor) => ({ each, weight: all[each] * factor })),
  );
  return variants
    .filter(({ each, weight }) => weight !== all[each] && isWeight(weight))
    .map(({ each, weight }) => ({ ...all, [each]: weight }));
}

function isWeight(value: number): boolean {
  return value >= 0 && value <= weightMax;
}

/**
 * The best bid wins: by free slots, expected speed, and price. Time and money count by their logarithms, so
 * that double speed is worth as much as half the price, in any units.
 */
export function auction(weights: AuctionWeights = auctionWeights): Strategy {
  const { load, speed, cost } = weights;
  return {
    name: "auction",
    text: auctionText(weights),
    rank: ({ used, slots, slowness }) => load * (used / slots) + speed * Math.log(slowness),
    judge: (agent, { capability }, times) => {
      const expectedMs = times.expectedMs(agent.agentId, capability);
      const slow = expectedMs === undefined ? Math.log(agent.slowness) : Math.log(expectedMs);
      const price = Math.log1p(agent.costOf(capability));
      return -(load * (agent.used / agent.slots) + speed * slow + cost * price);
    },
  };
}
