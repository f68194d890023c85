/** Numbers of effects and timers follow from what they belong to, so that nothing has to be looked up. */

/** The effect of a task: its offer, or the start of its child. */
export function effectNumber(node: number): number {
  return node + 1;
}

export function nodeOfEffect(number: number): number {
  return number - 1;
}

/** What a timer of a task is for. */
export const taskTimers = {
  /** The next attempt, after a pause or a return. */
  again: 0,
  /** The time over all attempts is over. */
  total: 1,
  /** It was not claimed in time. */
  queue: 2,
  /** A claimed attempt has taken too long. */
  run: 3,
  /** A claim runs out. */
  lease: 4,
  /** What was delegated is over. */
  authority: 5,
  /** Its output was not decided in time. */
  question: 6,
  /** Not of the task: what has a number of its own, a vote or a reservation. */
  other: 7,
} as const;

/** What a timer of the mission is for: from 1, as all numbers of timers. */
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

/** What a claim is known by: it names the task, and the attempt that it fences. */
export function claimIdOf(node: number, attempt: number): string {
  return `c${node}.${attempt}`;
}

export function claimOf(claimId: string): { readonly node: number; readonly attempt: number } | undefined {
  const found = /^c(\d{1,7})\.(\d{1,7})$/.exec(claimId);
  return found === null ? undefined : { node: Number(found[1]), attempt: Number(found[2]) };
}
