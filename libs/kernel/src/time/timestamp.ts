/** A timestamp of the contracts: whole seconds since the Unix epoch, and nanoseconds. */
export interface Timestamp {
  seconds: number;
  nanos: number;
}

export function toTimestamp(epochMs: number): Timestamp {
  const seconds = Math.floor(epochMs / 1000);
  // Rounding must not give a whole second.
  return { seconds, nanos: Math.min(999_999_999, Math.round((epochMs - seconds * 1000) * 1e6)) };
}

export function fromTimestamp({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1e6;
}
