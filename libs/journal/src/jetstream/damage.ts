import type { TuttiError } from "@tutti/kernel";
import { journalErrors } from "../errors.ts";
import type { PartitionName } from "../port.ts";

/** Returns the error for a damaged message, with stream, sequence and byte. */
export function damagedMessage(
  stream: string,
  { service, partition }: PartitionName,
  sequence: number,
  { found, at = 0, number }: { readonly found: string; readonly at?: number; readonly number?: number },
): TuttiError {
  const batch = number === undefined ? {} : { number };
  const place = { file: `stream ${stream}, message ${sequence}`, offset: at, service, partition, ...batch };
  const details = Object.fromEntries(Object.entries(place).map(([key, value]) => [key, String(value)]));
  return journalErrors.corrupt({ place, found }, { details });
}
