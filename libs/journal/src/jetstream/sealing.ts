/**
 * Begins an epoch: sends the mark of a seal until one is in the stream, then reads up to it.
 *
 * 1. A mark is sent only by who has followed the stream up to some message and found no epoch as new as its own there;
 *    and it expects the stream to end less than `reachMax` behind that message.
 * 2. Whether the seal counts is decided by following the stream through it, and in no other way: an answer may be lost,
 *    or another seal may have come first.
 * 3. Against an owner that goes on writing, many marks are sent at once, each expecting another end of the stream. The
 *    first one that is right fences it; others that come in behind it mean nothing.
 */
import type { NatsConnection } from "@tutti/nats";
import { natsErrors } from "@tutti/nats";
import type { Seal } from "../port.ts";
import type { Answer, Answers } from "./answers.ts";
import type { Followed } from "./follower.ts";
import { markOf } from "./message.ts";
import { reachMax } from "./protocol.ts";
import { lostMessages, type StreamLog } from "./stream-log.ts";

export interface SealingOptions {
  readonly connection: NatsConnection;
  readonly answers: Answers;
  readonly subject: string;
  readonly log: StreamLog;
  /** How long the answers to one attempt are waited for. */
  readonly attemptMs: number;
}

export type Sealing =
  /** Where the stream stands after the seal, or after another one that came first. */
  | { readonly kind: "followed"; readonly followed: Followed }
  | { readonly kind: "full"; readonly reason: string }
  /** The signal was aborted; whether there is a seal is unknown. */
  | { readonly kind: "aborted" };

/** @param owner tells this seal from any other of the same epoch */
export async function sealUntilAccepted(
  options: SealingOptions,
  seal: Seal,
  owner: number,
  signal: AbortSignal,
): Promise<Sealing> {
  const { connection, log } = options;
  const mark = markOf({ ...seal, owner });
  const attempts = { marks: 1, failures: 0, shorter: 0 };
  while (!signal.aborted) {
    const { followed } = log;
    if (followed.epoch >= seal.epoch) return { kind: "followed", followed };
    try {
      const answers = await sendMarks(options, mark, followed.sequence, attempts.marks);
      const full = answers.find((answer) => answer.kind === "full");
      if (full !== undefined && answers.every(({ kind }) => kind === "full")) return full;
      const end = await endAfter(log, answers);
      if (end > followed.sequence) {
        await log.followTo(end);
        attempts.marks = Math.min(reachMax, attempts.marks * 16);
        attempts.failures = 0;
        continue;
      }
      if (end < followed.sequence && ++attempts.shorter >= shorterMax) throw lostMessages(log, end);
    } catch (error) {
      if (!natsErrors.unavailable.is(error)) throw error;
    }
    await connection.pause(++attempts.failures, signal);
  }
  return { kind: "aborted" };
}

/** Where the stream ends by these answers; asks where they do not tell. */
async function endAfter(log: StreamLog, answers: readonly Answer[]): Promise<number> {
  const ends = answers.map((answer) => {
    if (answer.kind === "accepted") return answer.sequence;
    return answer.kind === "moved" ? (answer.found ?? 0) : 0;
  });
  const end = Math.max(...ends);
  return end > 0 ? end : (await log.source.ends()).last;
}

/** Sends marks that expect the stream to end here, one further, and so on; resolves with what was answered in time. */
async function sendMarks(
  { answers, subject, connection, attemptMs }: SealingOptions,
  mark: Uint8Array,
  from: number,
  count: number,
): Promise<Answer[]> {
  const given: Answer[] = [];
  const tokens: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = (answer: Answer): void => {
    given.push(answer);
    if (given.length === count) resolve();
  };
  const limit = connection.foundation.timers.after(attemptMs, resolve);
  const unlisten = connection.onState(() => resolve());
  try {
    for (let index = 0; index < count; index++) tokens.push(answers.send(subject, mark, from + index, take));
    await promise;
  } finally {
    unlisten();
    limit.cancel();
    for (const token of tokens) answers.forget(token);
  }
  return given;
}

/** A new leader may, for a moment, not have all that its stream has; one that says so again and again has lost it. */
const shorterMax = 20;
