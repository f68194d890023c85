import type { StagedEvent } from "../stage.ts";

interface Reading {
  readonly events: readonly {
    readonly type: string;
    readonly version: number;
    readonly codec: { decode(bytes: Uint8Array): unknown };
  }[];
}

/** Fields with the time of a decision. The time in the start of an attempt is earlier. */
const moments =
  /^(create|begin|end|queue|stop|pause|resume|update|decide|request|retry|reset|enter|take|pass|sendBack|add|start)Ms$/;

/** Returns the time of a decision from its event. Undefined if the event has none. */
export function momentOf(
  { events }: Reading,
  { type, version, payload }: Pick<StagedEvent, "type" | "version" | "payload">,
): number | undefined {
  const body = events.find((each) => each.type === type && each.version === version)?.codec.decode(payload);
  if (typeof body !== "object" || body === null) return undefined;
  if (type === "signal_received") {
    const { signal } = body as { readonly signal?: { readonly receiveMs?: number } };
    return signal?.receiveMs;
  }
  for (const [name, value] of Object.entries(body)) {
    // The time of a retry is in the future.
    const isFuture = name === "retryMs" && type !== "run_retried";
    if (moments.test(name) && !isFuture && typeof value === "number" && value > 0) return value;
  }
  return undefined;
}
