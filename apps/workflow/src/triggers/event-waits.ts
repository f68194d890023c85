/**
 * Delivers events to runs whose tasks wait for them.
 *
 * 1. Waits are known from the effects of runs: a process has those of its own partitions, also after a crash.
 * 2. An event is matched to waiting tasks by its type only. The run decides whether it wants the event, and
 *    consumes each once.
 * 3. A subscription starts before the log is read, so that no event is missed in between. An event that
 *    arrives twice counts once.
 * 4. Tasks that start to wait while the log is being read share the next read.
 */
import { type Bus, type BusEvent, placeOf, type Subscription } from "@tutti/bus";
import type { Cause } from "@tutti/contracts/types/v1";
import { TakeEvent } from "@tutti/contracts/workflow/v1";
import { type Component, errorFromUnknown, type Foundation, type Timer } from "@tutti/kernel";
import { type AwaitEvent, takeEvent } from "@tutti/machine-run";
import { type DueEffect, type EffectToken, type Runtime, writeToken } from "@tutti/runtime";
import { ReadEvent } from "./events.ts";
import { eventDigest } from "./matching.ts";
import { readPast } from "./past-events.ts";

export interface EventWaitsParts {
  readonly runtime: Pick<Runtime, "execute">;
  readonly bus: Pick<Bus, "subscribe" | "tail">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
  readonly cause: Cause;
}

interface Waiter {
  readonly key: DueEffect["key"];
  readonly token: EffectToken;
  readonly condition: AwaitEvent;
  /** True while the run wants events. */
  isOpen: boolean;
}

/** The waiting tasks for one type in one namespace. */
interface Line {
  readonly namespace: string;
  readonly type: string;
  readonly waiters: Set<Waiter>;
  subscription: Promise<Subscription> | undefined;
  /** True if a sweep found no waiting task. */
  isIdle: boolean;
}

/** A subscription ends after two sweeps without a waiting task. */
const sweepMs = 30_000;
/** Pause before a failed read of the log is repeated. */
const retryMs = 1_000;

export class EventWaits implements Component {
  readonly #parts: EventWaitsParts;
  readonly #lines = new Map<string, Line>();
  readonly #byToken = new Map<string, { readonly line: Line; readonly waiter: Waiter }>();
  /** Waiters that have not seen the log. */
  #unread = new Set<Waiter>();
  #isReading = false;
  readonly #over = new AbortController();
  #sweep: Timer | undefined;

  constructor(parts: EventWaitsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#sweep = this.#parts.foundation.timers.every(sweepMs, () => this.#closeIdle());
  }

  async stop(): Promise<void> {
    this.#over.abort();
    this.#sweep?.cancel();
    const open = [...this.#lines.values()].map(({ subscription }) => subscription);
    this.#lines.clear();
    for (const each of open) await (await each?.catch(() => undefined))?.close();
  }

  await({ key, token }: Pick<DueEffect, "key" | "token">, condition: AwaitEvent): void {
    if (this.#over.signal.aborted) return;
    this.withdraw(token);
    const { namespace } = key;
    const name = nameOf(namespace, condition.type);
    const known = this.#lines.get(name);
    const fresh = { namespace, type: condition.type, waiters: new Set<Waiter>(), subscription: undefined };
    const line: Line = known ?? { ...fresh, isIdle: false };
    this.#lines.set(name, line);
    const waiter = { key, token, condition, isOpen: true };
    line.waiters.add(waiter);
    line.isIdle = false;
    this.#byToken.set(tokenName(token), { line, waiter });
    void this.#join(line, waiter);
  }

  withdraw(token: EffectToken): void {
    if (this.#byToken.size === 0) return;
    const name = tokenName(token);
    const known = this.#byToken.get(name);
    if (known === undefined) return;
    known.waiter.isOpen = false;
    known.line.waiters.delete(known.waiter);
    this.#byToken.delete(name);
  }

  /** Delivers events. Resolves when every run of this process that wants an event has it durably. */
  async deliver(events: readonly BusEvent[]): Promise<void> {
    if (this.#byToken.size === 0) return;
    for (const event of events) {
      const line = this.#lines.get(nameOf(event.namespace, event.type));
      if (line !== undefined) await this.#deliverTo([...line.waiters], event);
    }
  }

  /** Joins a line: the subscription first, then the log. */
  async #join(line: Line, waiter: Waiter): Promise<void> {
    if (!waiter.isOpen) return;
    try {
      line.subscription ??= this.#subscribed(line);
      await line.subscription;
      if (!waiter.isOpen) return;
      this.#unread.add(waiter);
      if (!this.#isReading) await this.#readLog();
    } catch (error) {
      this.#logFailure("failed to follow events that a run waits for, retrying", error);
      line.subscription = undefined;
      this.#retryLater(() => this.#join(line, waiter));
    }
  }

  #subscribed(line: Line): Promise<Subscription> {
    const { namespace, type: pattern } = line;
    return this.#parts.bus.subscribe({
      pattern,
      namespace,
      start: "new",
      label: "event-waits",
      handle: { each: (event) => this.#deliverTo([...line.waiters], event) },
      onGap: () => {
        for (const waiter of line.waiters) this.#unread.add(waiter);
        if (!this.#isReading) void this.#readLog();
      },
    });
  }

  async #readLog(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#unread.size > 0 && !this.#over.signal.aborted) {
        const waiters = this.#unread;
        this.#unread = new Set();
        try {
          await this.#readFor([...waiters]);
        } catch (error) {
          if (this.#over.signal.aborted) return;
          this.#logFailure("failed to read past events that runs wait for, retrying", error);
          this.#retryLater(() => {
            for (const waiter of waiters) if (waiter.isOpen) this.#unread.add(waiter);
            if (!this.#isReading) void this.#readLog();
          });
        }
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #readFor(waiters: readonly Waiter[]): Promise<void> {
    const end = placeOf(await this.#parts.bus.tail());
    if (end === undefined || end.sequence === 0) return;
    const byLine = Map.groupBy(waiters, ({ key, condition }) => nameOf(key.namespace, condition.type));
    const found: { readonly event: BusEvent; readonly waiters: readonly Waiter[] }[] = [];
    const collect = (event: BusEvent) => {
      const matching = byLine.get(nameOf(event.namespace, event.type));
      const late = matching?.filter(({ condition }) => event.timeMs >= condition.sinceMs) ?? [];
      if (late.length > 0) found.push({ event, waiters: late });
    };
    for (const namespace of new Set(waiters.map(({ key }) => key.namespace)))
      await readPast(this.#parts.bus, namespace, collect, this.#over.signal);
    // One after the other: a run consumes the oldest wanted event.
    for (const { event, waiters: late } of found) await this.#deliverTo(late, event);
  }

  async #deliverTo(waiters: readonly Waiter[], event: BusEvent): Promise<void> {
    const read = new ReadEvent(event);
    const matching = waiters.filter(
      ({ isOpen, condition }) => isOpen && (condition.source === "" || condition.source === event.source),
    );
    if (matching.length === 0) return;
    const digest = eventDigest(read.json);
    const body = TakeEvent.fromPartial({ event: read.bytes, digest, timeMs: event.timeMs });
    await Promise.all(matching.map((waiter) => this.#deliver(waiter, body)));
  }

  /** Passes an event to a run. After a failure, a new effect delivers it once its partition has restarted. */
  async #deliver({ key, token }: Waiter, body: TakeEvent): Promise<void> {
    const { runtime, cause } = this.#parts;
    try {
      await runtime.execute({ key, token, command: takeEvent, body, cause });
    } catch (error) {
      this.#logFailure("failed to hand an event to a run", error);
    }
  }

  #closeIdle(): void {
    for (const [name, line] of this.#lines) {
      if (line.waiters.size > 0) continue;
      if (!line.isIdle) {
        line.isIdle = true;
        continue;
      }
      this.#lines.delete(name);
      void line.subscription?.then((subscription) => subscription.close()).catch(() => {});
    }
  }

  #retryLater(work: () => unknown): void {
    if (!this.#over.signal.aborted) this.#parts.foundation.timers.after(retryMs, () => void work());
  }

  #logFailure(text: string, error: unknown): void {
    this.#parts.foundation.logger.debug(text, { code: errorFromUnknown(error).code });
  }
}

function nameOf(namespace: string, type: string): string {
  return `${namespace} ${type}`;
}

function tokenName(token: EffectToken): string {
  return Buffer.from(writeToken(token)).toString("base64");
}
