/**
 * A place in the log of events, after a certain event. Opaque to users, who keep it and hand it back to continue from
 * there. It names the log as well: the log of another life of the bus (a restarted process, a stream made again) counts
 * from one again, and its places must not be mistaken for this one's.
 */
export type Position = string & { readonly __position: unique symbol };

export interface Place {
  readonly log: string;
  readonly sequence: number;
}

export function positionOf(log: string, sequence: number): Position {
  return `${log}.${sequence}` as Position;
}

/** Undefined for what no bus has made. */
export function placeOf(position: string): Place | undefined {
  const match = /^([0-9a-z]{1,32})\.(\d{1,16})$/.exec(position);
  if (match === null) return undefined;
  const [, log = "", sequence = ""] = match;
  return { log, sequence: Number(sequence) };
}
