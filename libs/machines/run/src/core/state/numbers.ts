/**
 * Numbers of effects and timers follow from the number of the node, so that nothing has to be looked up. The run itself
 * stands before the first node.
 */

/** What an effect of a node is for. */
export const effectTags = { work: 0, undo: 1, lease: 2, event: 3 } as const;

export function effectNumber(node: number, tag: number): number {
  return (node + 1) * 4 + tag;
}

/** -1 for the run itself. */
export function nodeOfEffect(number: number): number {
  return (number >>> 2) - 1;
}

export function tagOfEffect(number: number): number {
  return number & 3;
}

/** What a timer of a node is for. */
export const nodeTimers = {
  /** The next attempt, after a pause or a return. */
  again: 0,
  /** The time over all attempts is over. */
  total: 1,
  /** What is waited for is due: a moment, or the end of waiting for a signal. */
  wait: 2,
  /** A question to people lapses. */
  approval: 3,
  /** The next round. */
  round: 4,
  /** A limit is asked for again. */
  limit: 5,
  /** The cache has not answered. */
  cache: 6,
} as const;

/** What a timer of the run is for: from 1, as all numbers of timers. */
export const runTimers = {
  start: 1,
  timeout: 2,
  putOff: 3,
  limit: 4,
  /** A transition `after` a time. */
  state: 5,
} as const;

export const runNode = -1;

export function timerNumber(node: number, kind: number): number {
  return (node + 1) * 8 + kind;
}

export function nodeOfTimer(number: number): number {
  return Math.floor(number / 8) - 1;
}

export function kindOfTimer(number: number): number {
  return number % 8;
}
