/**
 * Replies to calls with an idempotency key. A repetition of the call gets the first reply. A different call under the
 * same key is refused.
 *
 * Clients make a key for each call, `call_…`, and repeat the call only while they wait for its reply. Such replies are
 * dropped early, because an instance with many calls would keep them all in its memory and its snapshots.
 */
import { hash } from "node:crypto";
import type { KeyAnswered } from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { Outcome, Submission } from "../api.ts";
import { runtimeErrors } from "../errors.ts";
import { refused } from "../refusals.ts";
import type { Instance } from "./instance.ts";

const callKeyPrefix = "call_";
/** Longer than a client waits for a reply. */
const callKeyKeptMs = 15 * 60_000;

export class AnsweredKeys {
  readonly #retentionMs: number;
  readonly #writer = new FlatWriter(1_024);

  /** @param retentionMs how long a reply is remembered */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  /** Returns the outcome of a repeated call. Undefined if its key is new. */
  find(
    instance: Instance,
    { command, body, idempotencyKey }: Submission,
    nowMs: number,
  ): Outcome | undefined {
    const answered = instance.keys?.get(idempotencyKey);
    if (answered === undefined) return;
    if (answered.untilMs <= nowMs) {
      instance.keys?.delete(idempotencyKey);
      return;
    }
    if (!this.#isSame(command, body, answered.commandHash)) {
      const { kind, id } = instance.key;
      return refused(runtimeErrors.keyReused.refusal({ kind, id, key: idempotencyKey }));
    }
    return { kind: "done", reply: command.reply.decode(answered.reply) };
  }

  /** Returns the record that remembers a reply. */
  answered({ command, body, idempotencyKey }: Submission, reply: unknown, nowMs: number): KeyAnswered {
    const commandHash = this.#hashOf(command, body);
    this.#writer.reset();
    command.reply.encode(reply, this.#writer);
    const isOfOneCall = idempotencyKey.startsWith(callKeyPrefix);
    const untilMs = nowMs + (isOfOneCall ? Math.min(callKeyKeptMs, this.#retentionMs) : this.#retentionMs);
    return { key: idempotencyKey, commandHash, reply: this.#writer.finish(), untilMs };
  }

  #isSame(command: Submission["command"], body: unknown, commandHash: Uint8Array): boolean {
    try {
      return Buffer.compare(this.#hashOf(command, body), commandHash) === 0;
    } catch {
      // A reply that cannot be encoded was never given.
      return false;
    }
  }

  #hashOf(command: Submission["command"], body: unknown): Uint8Array {
    this.#writer.reset();
    this.#writer.string(command.type);
    command.codec.encode(body, this.#writer);
    return hash("sha256", this.#writer.written(), "buffer");
  }
}

/** Folds a remembered reply into its instance. */
export function recoverKey(instance: Instance, { key, commandHash, reply, untilMs }: KeyAnswered): void {
  instance.keys ??= new Map();
  instance.keys.set(key, { commandHash, reply, untilMs });
}

/** Removes replies that have expired. */
export function dropOldKeys(instance: Instance, nowMs: number): void {
  const { keys } = instance;
  if (keys === undefined) return;
  for (const [key, { untilMs }] of keys) if (untilMs <= nowMs) keys.delete(key);
  if (keys.size === 0) instance.keys = undefined;
}
