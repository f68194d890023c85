/** The events that the address of a request selects. */
import { realtimeErrors } from "../errors.ts";

export interface EventQuery {
  readonly pattern: string;
  /** `*` for all. */
  readonly namespace: string;
  /** The cursor to continue after. `first` for the oldest stored event. Undefined for new events only. */
  readonly after: string | undefined;
}

/** @param lastEventId sent by a browser's `EventSource` when it reconnects. It is newer than the address */
export function eventQueryOf(query: URLSearchParams, lastEventId: string | undefined): EventQuery {
  const single = (parameter: string): string | undefined => {
    const [value, ...others] = query.getAll(parameter);
    if (others.length > 0) throw realtimeErrors.parameterTwice({ parameter });
    return value === "" ? undefined : value;
  };
  return {
    pattern: single("pattern") ?? ">",
    namespace: single("namespace") ?? "default",
    after: lastEventId || single("after"),
  };
}
