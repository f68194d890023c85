/**
 * A span that is not recorded. It only has ids, and most are never read, so they are created on demand. This keeps
 * disabled tracing within its budget: the object costs 10 ns, two random ids 300.
 *
 * 1. All spans below the same origin have its trace id, in any order of reads.
 * 2. A span holds on to the origin of its trace, not to its parent: a chain of spans does not grow in memory.
 */
import type { TraceIdentifiers } from "./trace-identifiers.ts";
import type { Span, TraceContext } from "./tracer.ts";

/** Span and context in one object. Its ids are getters, which spreading and JSON ignore: read them, or use `toJSON`. */
export class UnrecordedSpan implements Span, TraceContext {
  readonly sampled = false;
  readonly #identifiers: TraceIdentifiers;
  readonly #origin: TraceContext | undefined;
  #traceId = "";
  #spanId = "";

  constructor(identifiers: TraceIdentifiers, parent: TraceContext | undefined) {
    this.#identifiers = identifiers;
    this.#origin = parent instanceof UnrecordedSpan ? (parent.#origin ?? parent) : parent;
  }

  get context(): TraceContext {
    return this;
  }

  get traceId(): string {
    if (this.#traceId === "") this.#traceId = this.#origin?.traceId ?? this.#identifiers.traceId();
    return this.#traceId;
  }

  get spanId(): string {
    if (this.#spanId === "") this.#spanId = this.#identifiers.spanId();
    return this.#spanId;
  }

  set(): void {}

  end(): void {}

  toJSON(): TraceContext {
    return { traceId: this.traceId, spanId: this.spanId, sampled: false };
  }
}
