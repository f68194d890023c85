/**
 * A watch that survives the end of its stream.
 *
 * 1. After an interruption it continues from the cursor of the last reply: nothing is missed or repeated. If the
 *    cursor is too old, it starts with a new snapshot.
 * 2. A permanent refusal ends it, and so does the end of the stream.
 * 3. Pauses between retries grow. After a minute without a reply it fails with the reason.
 */
import { backoffMs, errorFromUnknown, type Foundation, type IdSource, sleep } from "@tutti/kernel";
import { abortSignal, type OptionNames } from "../../options.ts";
import type { Contents } from "../payloads.ts";

export interface WatchOptions {
  /** Abort it to stop watching. */
  readonly signal?: AbortSignal;
}

export const watchNames: OptionNames<WatchOptions> = { signal: abortSignal };

export interface Following<Reply> {
  /** A stream from a cursor on. Empty for the beginning. */
  readonly open: (cursor: string) => AsyncIterable<Reply>;
  readonly signal: AbortSignal | undefined;
}

/** The time and chance that a client retries by, and its new ids. */
export interface ClientPorts extends Pick<Foundation, "clock" | "timers" | "chance"> {
  readonly ids: Pick<IdSource, "newId">;
  readonly contents: Contents;
}

/** Pauses between tries, and after how long without an answer that is reported. */
export const backoff = { firstMs: 100, maxMs: 5_000 };
export const patienceMs = 60_000;

export async function* followed<Reply extends { readonly cursor: string }>(
  { open, signal }: Following<Reply>,
  { clock, timers, chance }: Pick<ClientPorts, "clock" | "timers" | "chance">,
): AsyncGenerator<Reply, void, void> {
  let cursor = "";
  let failures = 0;
  for (let lastReplyMs = clock.monotonic(); ; ) {
    const stream = open(cursor)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await attempt(() => stream.next());
        if ("error" in next) {
          const isLate = clock.monotonic() - lastReplyMs >= patienceMs;
          if (signal?.aborted === true || next.error.retry === "never" || isLate) throw next.error;
          break;
        }
        if (next.value.done === true) return;
        lastReplyMs = clock.monotonic();
        failures = 0;
        cursor = next.value.value.cursor || cursor;
        yield next.value.value;
      }
    } finally {
      await stream.return?.();
    }
    await sleep(timers, backoffMs(backoff, ++failures, chance), signal).catch(() => {});
  }
}

export async function attempt<Value>(
  work: () => Promise<Value>,
): Promise<{ readonly value: Value } | { readonly error: ReturnType<typeof errorFromUnknown> }> {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: errorFromUnknown(thrown) };
  }
}
