import type { Answer } from "./fetching.ts";

/** Error of a refused or failed call: the problem document of the gateway. */
export class RestError extends Error {
  override readonly name = "RestError";
  /** Stable code: `workflow.run_unknown`. `rest.unreachable` without a response. */
  readonly code: string;
  /** HTTP status. 0 without a response. */
  readonly status: number;
  /** Text: what happened, and what to do next. */
  readonly detail: string;
  /** Problems of the request, field by field. */
  readonly fields: readonly WrongField[];
  /**
   * Whether a retry of the same call may succeed: immediately at another instance, or later with the same
   * idempotency key.
   */
  readonly retry: "never" | "same-key" | "elsewhere";
  readonly retryAfterMs: number;
  /** Identifiers for programs. */
  readonly details: Readonly<Record<string, string>>;

  constructor(problem: ProblemParts) {
    super(problem.detail, { cause: problem.cause });
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.fields = problem.fields ?? [];
    this.retry = problem.retry ?? "never";
    this.retryAfterMs = problem.retryAfterMs ?? 0;
    this.details = problem.details ?? {};
  }
}

export interface WrongField {
  readonly field: string;
  readonly message: string;
}

export interface ProblemParts {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly fields?: readonly WrongField[];
  readonly retry?: "never" | "same-key" | "elsewhere";
  readonly retryAfterMs?: number;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Converts an unexpected response. A proxy in between may have sent it, too. */
export async function errorOfAnswer(answer: Answer): Promise<RestError> {
  const { status } = answer;
  const text = await answer.text().catch(() => "");
  const problem = problemIn(text);
  if (problem !== undefined) return new RestError({ ...problem, status });
  return strangeAnswer(status, text);
}

/**
 * Returns the error of a response from another program: a web server at the address, or a proxy in between.
 */
export function strangeAnswer(status: number, text: string): RestError {
  const start = text.trim().slice(0, 200);
  return new RestError({
    code: "rest.strange_answer",
    status,
    details: { answer: start },
    detail: `expected an answer of Tutti, got ${status}${start === "" ? "" : `: ${start}`}; check the address, which has no path, and proxies in between`,
  });
}

export function unreachable(url: string, cause: unknown): RestError {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  return new RestError({
    code: "rest.unreachable",
    status: 0,
    retry: "same-key",
    cause,
    details: { url },
    detail: `No platform answers at ${url} (${reason}). Start it with \`npx tutti dev\`, or set its address.`,
  });
}

/**
 * Returns the error of a timeout. The address accepts connections, but no response comes: the platform hangs,
 * is suspended, or is overloaded.
 */
export function lateAnswer(url: string, waitedMs: number): RestError {
  const reason = `No answer within ${waitedMs / 1_000} s.`;
  return new RestError({
    code: "rest.unreachable",
    status: 0,
    retry: "same-key",
    cause: new Error(reason, { cause: new Error(reason) }),
    details: { url },
    detail: `${url}: ${reason} The platform may hang, be suspended or be overloaded.`,
  });
}

function problemIn(text: string): ProblemParts | undefined {
  try {
    const found: Partial<ProblemParts> | null = JSON.parse(text);
    if (typeof found?.code !== "string" || typeof found.detail !== "string") return undefined;
    return { ...found, code: found.code, detail: found.detail, status: 0 };
  } catch {
    return undefined;
  }
}
