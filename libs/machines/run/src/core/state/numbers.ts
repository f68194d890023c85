/**
 * Numbers of effects and timers follow from the number of the node, so no lookup is needed. The run itself
 * comes before the first node.
 */

/** Purpose of an effect of a node. */
export const effectTags = { work: 0, undo: 1, lease: 2, event: 3 } as const;

export function effectNumber(node: number, tag: number): number {
  return (node + 1) * 4 + tag;
}

/** Returns the node of an effect. -1 for the run itself. */
export function nodeOfEffect(number: number): number {
  return (number >>> 2) - 1;
}

export function tagOfEffect(number: number): number {
  return number & 3;
}

/** Purpose of a timer of a node. */
export const nodeTimers = {
  /** Next attempt, after a pause or a return. */
  again: 0,
  /** Timeout over all attempts. */
  total: 1,
  /** End of a wait: a time, or the timeout of a wait for a signal. */
  wait: 2,
  /** Expiry of a question to people. */
  approval: 3,
  /** Next round. */
  round: 4,
  /** Next request of a limit. */
  limit: 5,
  /** Timeout of the cache. */
  cache: 6,
} as const;

/** Purpose of a timer of the run: from 1, as all numbers of timers. */
export const runTimers = {
  start: 1,
  timeout: 2,
  putOff: 3,
  limit: 4,
  /** Transition `after` a time. */
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
