/**
 * Starts an epoch: sends the mark of a seal until one is in the stream, then reads up to it.
 *
 * 1. A mark expects nothing about batches, so an owner that continues writing cannot block it. It expects the last mark
 *    to be the one that was read, and is sent only if that has an older epoch.
 * 2. Whether the seal counts is decided by following the stream through it, and in no other way: an answer may be lost,
 *    or another seal may have come first.
 * 3. Nothing is sent before it is certain that the stream still has what it had: if a server lost acknowledged
 *    messages, a seal behind the gap would hide the loss.
 */
import { type NatsConnection, natsErrors } from "@tutti/nats";
import type { Seal } from "../port.ts";
import type { Answer, Answers } from "./answers.ts";
import type { Followed } from "./follower.ts";
import { markOf } from "./message.ts";
import { lostMessages, type StreamLog } from "./stream-log.ts";

export interface SealingOptions {
  readonly connection: NatsConnection;
  readonly answers: Answers;
  readonly log: StreamLog;
  /** Timeout of one attempt. */
  readonly attemptMs: number;
}

export type Sealing =
  /** State of the stream after the seal, or after another one that came first. */
  | { readonly kind: "followed"; readonly followed: Followed }
  | { readonly kind: "full"; readonly reason: string }
  /** The signal was aborted. It is unknown whether the seal was accepted. */
  | { readonly kind: "aborted" };

/** @param owner distinguishes this seal from any other of the same epoch */
export async function sealUntilAccepted(
  options: SealingOptions,
  seal: Seal,
  owner: number,
  signal: AbortSignal,
): Promise<Sealing> {
  const { connection, log } = options;
  const mark = markOf({ ...seal, owner });
  const { clock } = connection.foundation;
  const untilMs = clock.monotonic() + connection.settings.requestTimeoutMs;
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      if (!(await log.checkRetained())) {
        if (clock.monotonic() > untilMs) throw lostMessages(log, (await log.source.ends()).last);
        await connection.pause(failures, signal);
        continue;
      }
      const before = await lastMark(log);
      // Our seal, which was accepted although its answer was lost, or that of another owner.
      if (before.sequence > log.followed.sequence && before.epoch >= seal.epoch)
        await log.followTo(before.sequence);
      const { followed } = log;
      if (followed.epoch >= seal.epoch) return { kind: "followed", followed };
      const answer = await send(options, mark, before.sequence);
      if (answer?.kind === "full") return answer;
      if (answer?.kind === "accepted") {
        if (answer.sequence <= followed.sequence) throw lostMessages(log, answer.sequence);
        return { kind: "followed", followed: await log.followTo(answer.sequence) };
      }
      // Another seal came first: it is read at once.
      if (answer?.kind === "moved" && failures === 1) continue;
    } catch (error) {
      if (!natsErrors.unavailable.is(error)) throw error;
    }
    await connection.pause(failures, signal);
  }
  return { kind: "aborted" };
}

/** Returns the last mark. If all were truncated, the batches give the epoch. */
async function lastMark(log: StreamLog): Promise<{ readonly sequence: number; readonly epoch: number }> {
  const found = await log.lastMark();
  if (found !== undefined) return found;
  await log.followTo((await log.source.ends()).last);
  return { sequence: 0, epoch: log.followed.epoch };
}

/** Sends a mark that expects another one to be the last. Undefined if no answer comes in time. */
async function send(
  { answers, log, connection, attemptMs }: SealingOptions,
  mark: Uint8Array,
  before: number,
): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const token = answers.send(log.sealSubject, mark, { lastOfSubject: before }, resolve);
  const limit = connection.foundation.timers.after(attemptMs, () => resolve(undefined));
  const unlisten = connection.onState(() => resolve(undefined));
  const answer = await promise;
  unlisten();
  limit.cancel();
  answers.cancel(token);
  return answer;
}
