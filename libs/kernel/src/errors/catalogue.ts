import type { Status } from "./status.ts";
import { type RetryClass, TuttiError, type Violation } from "./tutti-error.ts";

/** What the catalogue says of one error. The docs' page of errors is generated from these. */
export interface ErrorEntry<P> {
  readonly status: Status;
  readonly retry: RetryClass;
  /** What it means and what to do about it, for the reference page. */
  readonly help: string;
  /** Expected, found, next action, with the identifiers at hand. */
  readonly message: (parameters: P) => string;
}

/** What may accompany an error besides the parameters of its message. */
export interface ErrorExtras {
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
  readonly details?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters' type differs per entry and is recovered below
type Entries = Readonly<Record<string, ErrorEntry<any>>>;
type ParametersOf<E> = E extends ErrorEntry<infer P> ? P : never;

export type ErrorCatalogue<E extends Entries> = {
  readonly [K in keyof E]: ((parameters: ParametersOf<E[K]>, extras?: ErrorExtras) => TuttiError) & {
    readonly code: string;
    readonly entry: ErrorEntry<ParametersOf<E[K]>>;
    /** Whether a value is this error, also after it crossed the wire. */
    readonly is: (error: unknown) => error is TuttiError;
  };
};

const declared = new Map<string, ErrorEntry<never>>();

/**
 * Declares the errors of one area: `defineErrors("mesh", { noInstance: … })` gives `errors.noInstance(…)` with the
 * code `mesh.no_instance`. A code is declared once in a process.
 */
export function defineErrors<const E extends Entries>(area: string, entries: E): ErrorCatalogue<E> {
  const catalogue: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(entries)) {
    const code = `${area}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (declared.has(code)) throw new Error(`the error ${code} is declared twice`);
    declared.set(code, entry as ErrorEntry<never>);
    const make = (parameters: never, extras: ErrorExtras = {}): TuttiError =>
      new TuttiError({
        code,
        status: entry.status,
        retry: entry.retry,
        message: entry.message(parameters),
        ...extras,
      });
    catalogue[key] = Object.assign(make, {
      code,
      entry,
      is: (error: unknown) => error instanceof TuttiError && error.code === code,
    });
  }
  return catalogue as ErrorCatalogue<E>;
}

/** Every error declared in this process by code, for the reference page and its test. */
export function declaredErrors(): ReadonlyMap<string, ErrorEntry<never>> {
  return declared;
}
