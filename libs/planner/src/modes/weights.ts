/** The weights of the goals of work. Only their proportions count. */
export interface Weights {
  readonly time: number;
  readonly cost: number;
  readonly quality: number;
}

export const balanced: Weights = { time: 1, cost: 1, quality: 1 };

/** Expected or actual results. */
export interface Figures {
  readonly timeMs: number;
  /** In money. If costs are unknown, the time of agents. */
  readonly cost: number;
  /** 0 to 1. */
  readonly quality: number;
}

/**
 * Returns the score, 0 to 1, larger is better: time and cost relative to the best of the compared ones,
 * quality unchanged. So twice the time is half as good, in any unit.
 */
export function scoreOf(weights: Weights, figures: Figures, best: Pick<Figures, "timeMs" | "cost">): number {
  const { time, cost, quality } = proportion(weights);
  return (
    time * shareOf(best.timeMs, figures.timeMs) +
    cost * shareOf(best.cost, figures.cost) +
    quality * figures.quality
  );
}

export function proportion({ time, cost, quality }: Weights): Weights {
  const sum = time + cost + quality;
  if (sum <= 0) return proportion(balanced);
  return { time: time / sum, cost: cost / sum, quality: quality / sum };
}

/** Returns the minimum of each. */
export function bestOf(all: readonly Figures[]): Pick<Figures, "timeMs" | "cost"> {
  return {
    timeMs: Math.min(...all.map(({ timeMs }) => timeMs)),
    cost: Math.min(...all.map(({ cost }) => cost)),
  };
}

function shareOf(best: number, value: number): number {
  return value <= 0 ? 1 : Math.min(1, best / value);
}
