/**
 * The state of a stream, owned by the component that shows it: thousands of entries, of which each view shows a few.
 * Changes are applied at once, and shown at most as often as a person can read.
 */
import type { Followed } from "@tutti/rest/client";
import { type PageError, pageError } from "./send.ts";

export interface StoreStatus {
  /** Whether the whole list has arrived. */
  readonly isComplete: boolean;
  readonly problem: PageError | undefined;
}

export abstract class LiveStore<Value, Picture extends object> {
  readonly #later: (notify: () => void) => void;
  readonly #listeners = new Set<() => void>();
  #known: Picture & StoreStatus;
  #isComplete = false;
  #isNotifying = false;

  /** @param later calls once, when something may be shown again */
  constructor(empty: Picture, later: (notify: () => void) => void) {
    this.#known = { ...empty, isComplete: false, problem: undefined };
    this.#later = later;
  }

  /** Lets go of all that is known: a snapshot replaces it. */
  protected abstract reset(): void;
  protected abstract fold(value: Value): void;
  protected abstract picture(): Picture;

  readonly known = (): Picture & StoreStatus => this.#known;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  apply(message: Followed<Value>): void {
    if (message.kind !== "snapshot" && message.kind !== "change") return;
    if (message.kind === "snapshot" && message.isFirst) this.reset();
    this.fold(message.value);
    this.#isComplete = message.kind !== "snapshot" || message.isLast;
    this.#changed();
  }

  fail(problem: PageError): void {
    this.#known = { ...this.#known, problem };
    for (const listen of this.#listeners) listen();
  }

  #changed(): void {
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    this.#later(() => {
      this.#isNotifying = false;
      this.#known = { ...this.picture(), isComplete: this.#isComplete, problem: undefined };
      for (const listen of this.#listeners) listen();
    });
  }
}

/** Until the stream ends or is aborted. Over breaks the client comes again by itself. */
export async function followInto<Value, Picture extends object>(
  stream: AsyncIterable<Followed<Value>>,
  store: LiveStore<Value, Picture>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const message of stream) store.apply(message);
  } catch (error) {
    if (signal.aborted) return;
    store.fail(pageError(error));
  }
}
