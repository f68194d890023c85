/**
 * A place in the log of events, after a certain event. Opaque to users, who store it and pass it back to continue from
 * there. It also identifies the log. The log of another life of the bus (a restarted process, a recreated stream)
 * counts from one again. Its positions must not be confused with this one's.
 */
export type Position = string & { readonly __position: unique symbol };

export interface Place {
  readonly log: string;
  readonly sequence: number;
}

export function positionOf(log: string, sequence: number): Position {
  return `${log}.${sequence}` as Position;
}

/** Undefined for a text that no bus has made. */
export function placeOf(position: string): Place | undefined {
  const match = /^([0-9a-z]{1,32})\.(\d{1,16})$/.exec(position);
  if (match === null) return undefined;
  const [, log = "", sequence = ""] = match;
  return { log, sequence: Number(sequence) };
}
