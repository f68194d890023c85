/** Numbers of effects and timers follow from their owners, so no lookup is needed. */

/** Returns the number of the effect of a task: its offer, or the start of its child. */
export function effectNumber(node: number): number {
  return node + 1;
}

export function nodeOfEffect(number: number): number {
  return number - 1;
}

/** Purpose of a timer of a task. */
export const taskTimers = {
  /** Next attempt, after a pause or a return. */
  again: 0,
  /** Timeout over all attempts. */
  total: 1,
  /** Timeout until it is claimed. */
  queue: 2,
  /** Timeout of a claimed attempt. */
  run: 3,
  /** Expiry of a claim. */
  lease: 4,
  /** Expiry of a delegation. */
  authority: 5,
  /** Timeout of the decision about its output. */
  question: 6,
  /** Not of a task: a vote or a reservation, which have numbers of their own. */
  other: 7,
} as const;

/** Purpose of a timer of the mission: from 1, as all numbers of timers. */
export const missionTimers = { timeout: 1, putOff: 2, check: 3, stuck: 4, leader: 5 } as const;

export const theMission = -1;

export function timerNumber(node: number, kind: number): number {
  return (node + 1) * 8 + kind;
}

export function nodeOfTimer(number: number): number {
  return Math.floor(number / 8) - 1;
}

export function kindOfTimer(number: number): number {
  return number % 8;
}

/** @param place the vote's place in the order in which they were opened, from 0 */
export function voteTimer(place: number): number {
  return timerNumber(2 * place, taskTimers.other);
}

export function reservationTimer(number: number): number {
  return timerNumber(2 * number + 1, taskTimers.other);
}

/** Returns the id of a claim: it names the task, and the attempt that it fences. */
export function claimIdOf(node: number, attempt: number): string {
  return `c${node}.${attempt}`;
}

export function claimOf(claimId: string): { readonly node: number; readonly attempt: number } | undefined {
  const found = /^c(\d{1,7})\.(\d{1,7})$/.exec(claimId);
  return found === null ? undefined : { node: Number(found[1]), attempt: Number(found[2]) };
}
