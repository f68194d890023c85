import { parseDurationMs } from "@tutti/kernel";
import { durationExpected, wrongOption } from "../../options.ts";
import { deprecatedValue } from "./deprecated.ts";

/** `30s`, `1h30m`, or milliseconds. */
export type Duration = string | number;

/** Returns the milliseconds of an option. Undefined if it is not set. Throws if it is no duration. */
export function durationIn(option: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = typeof duration === "number" ? duration : parseDurationMs(duration);
  if (ms !== undefined && ms >= 0) return ms;
  throw wrongOption(option, durationExpected, duration);
}

/** A duration by its name, or by the older name that ends in `Ms`. */
export function eitherDuration(
  option: string,
  duration: Duration | undefined,
  older: number | undefined,
): number | undefined {
  return durationIn(option, duration ?? deprecatedValue(older, `${option}Ms`, option));
}
