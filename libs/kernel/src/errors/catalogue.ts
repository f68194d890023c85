import { sentences } from "../text.ts";
import type { Refusal } from "./refusal.ts";
import type { Status } from "./status.ts";
import { type RetryClass, TuttiError, type Violation } from "./tutti-error.ts";

/** Catalogue entry of one error. The docs' page of errors is generated from these. */
export interface ErrorEntry<P> {
  readonly status: Status;
  readonly retry: RetryClass;
  /** Meaning and remedy, for the reference page. */
  readonly help: string;
  /** Fault and reason, with the available identifiers: one sentence without its full stop. */
  readonly message: (parameters: P) => string;
  /**
   * The next action, in the imperative. It follows the message wherever the error is printed. Empty if the message
   * quotes another error with its own remedy.
   */
  readonly remedy: string | ((parameters: P) => string);
}

/** Returns the text of an error: fault and reason, then the remedy. */
export function errorText<P>({ message, remedy }: ErrorEntry<P>, parameters: P): string {
  if (remedy === "") return message(parameters);
  return sentences(message(parameters), typeof remedy === "string" ? remedy : remedy(parameters));
}

/** Data of an error besides the parameters of its message. */
export interface ErrorExtras {
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
  readonly details?: Readonly<Record<string, string>>;
}

/** Returns the message without its remedy, for a message that has its own remedy. */
export function withoutRemedy({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): string {
  const remedy = declared.get(code)?.remedy;
  return typeof remedy === "string" && remedy !== "" && message.endsWith(remedy)
    ? message.slice(0, -remedy.length).trimEnd()
    : message;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters' type differs per entry and is recovered below
type Entries = Readonly<Record<string, ErrorEntry<any>>>;
type ParametersOf<E> = E extends ErrorEntry<infer P> ? P : never;
/** A message without parameters takes no argument. */
type Arguments<P, Extras> = unknown extends P
  ? [parameters?: undefined, extras?: Extras]
  : [parameters: P, extras?: Extras];

/** A declared error. Call it to create the error. */
export interface DeclaredError<P> {
  (...args: Arguments<P, ErrorExtras>): TuttiError;
  readonly code: string;
  readonly entry: ErrorEntry<P>;
  /** The error as returned data: for deciders that refuse, without the cost of a stack. */
  readonly refusal: (...args: Arguments<P, Omit<ErrorExtras, "cause">>) => Refusal;
  /** Returns whether a value is this error, including after it crossed the wire. */
  readonly is: (error: unknown) => error is TuttiError;
}

export type ErrorCatalogue<E extends Entries> = {
  readonly [K in keyof E]: DeclaredError<ParametersOf<E[K]>>;
};

const declared = new Map<string, ErrorEntry<never>>();

/**
 * Declares the errors of one area: `defineErrors("mesh", { noInstance: … })` gives `errors.noInstance(…)` with the
 * code `mesh.no_instance`. A code is declared once in a process.
 */
export function defineErrors<const E extends Entries>(area: string, entries: E): ErrorCatalogue<E> {
  const catalogue: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(entries)) {
    const code = codeOf(area, key);
    if (declared.has(code)) throw new Error(`the error ${code} is declared twice. One code has one meaning`);
    declared.set(code, entry as ErrorEntry<never>);
    catalogue[key] = declaredError(code, entry);
  }
  return catalogue as ErrorCatalogue<E>;
}

/** Every error declared in this process by code, for the reference page and its test. */
export function declaredErrors(): ReadonlyMap<string, ErrorEntry<never>> {
  return declared;
}

function codeOf(area: string, key: string): string {
  if (!/^[a-z][a-z0-9]*$/.test(area) || !/^[a-z][a-zA-Z0-9]*$/.test(key)) {
    throw new Error(
      `an error's area is one lower-case word and its key camelCase, found "${area}", "${key}"`,
    );
  }
  return `${area}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

function declaredError<P>(code: string, entry: ErrorEntry<P>) {
  const { status, retry } = entry;
  const create = (parameters: P, extras: ErrorExtras = {}): TuttiError => {
    // The entry overrides the extras, even if an untyped caller passes others.
    const error = new TuttiError({ ...extras, code, status, retry, message: errorText(entry, parameters) });
    // The stack starts at the caller, not here.
    Error.captureStackTrace?.(error, create);
    return error;
  };
  const refusal = (parameters: P, extras: Omit<ErrorExtras, "cause"> = {}): Refusal => ({
    refused: true,
    code,
    status,
    retry,
    message: errorText(entry, parameters),
    retryAfterMs: extras.retryAfterMs ?? 0,
    violations: extras.violations ?? [],
    details: extras.details ?? {},
  });
  const is = (error: unknown): error is TuttiError => error instanceof TuttiError && error.code === code;
  return Object.assign(create, { code, entry, refusal, is });
}
