import { MessageType } from "./message.ts";

/** A point in time: google.protobuf.Timestamp. */
export interface Timestamp {
  /** Seconds since the Unix epoch. */
  seconds: number;
  /** Nanoseconds that are added to these, also before the epoch: 0 to 999,999,999. */
  nanos: number;
}

/**
 * In JSON it is a text with milliseconds: `2027-01-15T08:00:00.500Z`. Texts with more digits are parsed
 * completely.
 */
class TimestampType extends MessageType<Timestamp> {
  override toJSON({ seconds, nanos }: Timestamp): string {
    return new Date(seconds * 1_000 + nanos / nanosPerMs).toISOString();
  }

  override fromJSON(json: unknown): Timestamp {
    if (typeof json !== "string") {
      const { seconds, nanos } = json as Partial<Timestamp>;
      return { seconds: Number(seconds ?? 0), nanos: Number(nanos ?? 0) };
    }
    const [, digits = ""] = fraction.exec(json) ?? [];
    const nanos = Number(digits.slice(0, 9).padEnd(9, "0"));
    // `Date` parses three digits. The rest is parsed here.
    const time = new Date(json.replace(fraction, (text) => text.slice(0, wholeSecondLength))).getTime();
    const ms = time + Math.trunc(nanos / nanosPerMs);
    return { seconds: Math.trunc(ms / 1_000), nanos: (ms % 1_000) * nanosPerMs + (nanos % nanosPerMs) };
  }
}

export const Timestamp: MessageType<Timestamp> = new TimestampType(
  () => ({ seconds: 0, nanos: 0 }),
  () => [
    ["seconds", 1, "int64"],
    ["nanos", 2, "int32"],
  ],
);

const nanosPerMs = 1_000_000;
/** The fraction of the seconds of a time. */
const fraction = /:\d{2}\.(\d+)/;
/** Length of `:00`. */
const wholeSecondLength = 3;
