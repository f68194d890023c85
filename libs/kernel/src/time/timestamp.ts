/** A moment as the contracts carry it: whole seconds since the Unix epoch and nanoseconds on top. */
export interface Timestamp {
  seconds: number;
  nanos: number;
}

export function toTimestamp(epochMs: number): Timestamp {
  const seconds = Math.floor(epochMs / 1000);
  // Rounding must not make a whole second of them.
  return { seconds, nanos: Math.min(999_999_999, Math.round((epochMs - seconds * 1000) * 1e6)) };
}

export function fromTimestamp({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1e6;
}
