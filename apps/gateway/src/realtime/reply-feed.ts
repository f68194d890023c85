/**
 * The replies of a server-streaming rpc as server-sent events: `snapshot` up to the reply that completes it (`live`),
 * `change` after it, `end` after the last reply, `problem` if the call failed midway.
 *
 * 1. Replies are read one by one, and only while the reader accepts them: a slow reader holds one reply and the
 *    buffer of its connection, and the service sees a slow caller.
 * 2. A call that fails before its first reply fails as a request does.
 * 3. The id of an event is the cursor of its reply. A reply with a cursor alone is a keep-alive, and moves the
 *    cursor.
 * 4. A stream without a cursor starts with a snapshot each time, which replaces all the reader's state.
 */
import { errorFromUnknown, type Timers, toProblem } from "@tutti/kernel";
import type { Outflow } from "./outflow/outflow.ts";
import { sseFrame } from "./outflow/sse-pipe.ts";

/** A reply as REST writes it. */
export type ReplyJson = Readonly<Record<string, unknown>>;

export interface ReplyFeedOptions {
  readonly hasSnapshot: boolean;
  /** It continues after a cursor. Then a stream that is live at once has no snapshot, as the contracts specify. */
  readonly isResumed: boolean;
  readonly timers: Timers;
}

/** The first reply may take long. After this time the stream starts without it. */
const firstReplyMs = 1_000;

export class ReplyFeed {
  readonly #replies: AsyncIterator<ReplyJson>;
  /** Undefined when it was sent. */
  #first: Promise<IteratorResult<ReplyJson>> | undefined;
  /** The snapshot is complete: all further replies are changes. */
  #isLive: boolean;
  #mayBeResumed: boolean;

  /** Resolves at the first reply, or soon without one. Rejects with the error of the call. */
  static async open(replies: AsyncIterable<ReplyJson>, options: ReplyFeedOptions): Promise<ReplyFeed> {
    const feed = new ReplyFeed(replies[Symbol.asyncIterator](), options);
    const soon = Promise.withResolvers<void>();
    const timer = options.timers.after(firstReplyMs, () => soon.resolve());
    try {
      await Promise.race([feed.#first, soon.promise]);
    } finally {
      timer.cancel();
    }
    return feed;
  }

  private constructor(replies: AsyncIterator<ReplyJson>, { hasSnapshot, isResumed }: ReplyFeedOptions) {
    this.#isLive = !hasSnapshot;
    this.#mayBeResumed = isResumed;
    this.#replies = replies;
    this.#first = replies.next();
    // `deliver` awaits it too, but may not have started.
    this.#first.catch(() => undefined);
  }

  /** Delivers all replies until they, or the reader's connection, end. */
  async deliver(outflow: Outflow): Promise<void> {
    try {
      while (await this.#deliverNext(outflow)) {
        await outflow.room();
        if (outflow.signal.aborted) return;
      }
      outflow.send(sseFrame({ name: "end", data: {} }));
      outflow.end("done");
    } catch (error) {
      outflow.send(sseFrame({ name: "problem", data: toProblem(errorFromUnknown(error)) }));
      outflow.end("done");
    } finally {
      await this.#replies.return?.().catch(() => undefined);
    }
  }

  /** Returns whether there was a reply. No reply is held while the next one is awaited: a snapshot may be large. */
  async #deliverNext(outflow: Outflow): Promise<boolean> {
    const first = this.#first;
    this.#first = undefined;
    const { done, value } = await (first ?? this.#replies.next());
    if (done) return false;
    this.#send(value, outflow);
    return true;
  }

  #send({ live, cursor, ...data }: ReplyJson, outflow: Outflow): void {
    if (this.#mayBeResumed && live === true) this.#isLive = true;
    this.#mayBeResumed = false;
    const isSnapshot = !this.#isLive;
    this.#isLive ||= live === true;
    const id = typeof cursor === "string" ? cursor : "";
    if (isSnapshot && this.#isLive) outflow.send(sseFrame({ id, name: "snapshot", data: { ...data, live } }));
    else if (!Object.values(data).every(isNothing))
      outflow.send(sseFrame({ id, name: isSnapshot ? "snapshot" : "change", data }));
    else if (id !== "") outflow.send(sseFrame({ id }));
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
