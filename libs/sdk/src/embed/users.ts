/**
 * Whose token a call of the client shows.
 *
 * 1. In a request it is the token of its user, and never that of the application. A request without a token has no rights
 *    of the application.
 * 2. Outside of requests, and in `asApplication`, it is that of the application.
 * 3. The token is read when a call is made: what signs the user in may run later in the request.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { reasonOf, type TraceContext, type TraceHeaders } from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";

/** A request of any framework. */
export interface EmbeddedRequest {
  readonly headers: TraceHeaders;
}

export type TokenOf<Request extends EmbeddedRequest = EmbeddedRequest> = (
  request: Request,
) => string | undefined;

interface Standing {
  readonly token: () => string;
  readonly trace: TraceContext | undefined;
}

export class Users {
  readonly #standing = new AsyncLocalStorage<Standing | undefined>();
  readonly #own: string;

  /** `own`: the token of the application. Empty: none. */
  constructor(own: string) {
    this.#own = own;
  }

  /** The token for a call that is made now. */
  token(): string {
    const standing = this.#standing.getStore();
    return standing === undefined ? this.#own : standing.token();
  }

  /** The trace of the request. */
  get trace(): TraceContext | undefined {
    return this.#standing.getStore()?.trace;
  }

  during<T>(tokenOf: () => string | undefined, trace: TraceContext | undefined, work: () => T): T {
    const token = () => {
      const shown = shownBy(tokenOf);
      if (shown !== undefined && shown !== "") return shown;
      // Without a token of its own the application has nothing that a user could borrow.
      if (this.#own === "") return "";
      throw sdkErrors.requestWithoutToken();
    };
    return this.#standing.run({ token, trace }, work);
  }

  asApplication<T>(work: () => T): T {
    return this.#standing.run(undefined, work);
  }
}

/** The function is one of the application: what it throws is no fault of Tutti. */
function shownBy(tokenOf: () => string | undefined): string | undefined {
  let shown: unknown;
  try {
    shown = tokenOf();
  } catch (error) {
    throw sdkErrors.requestTokenUnusable({ reason: reasonOf(error) }, { cause: error });
  }
  if (shown === undefined || shown === null) return undefined;
  const isPromise = typeof shown === "object" && "then" in shown;
  // Without a reader, a rejection would end the process.
  if (isPromise) void Promise.resolve(shown).catch(() => {});
  if (typeof shown !== "string")
    throw sdkErrors.requestTokenUnusable({
      reason: isPromise ? "it returned a promise" : `it returned a value of the type ${typeof shown}`,
    });
  if (/[^\x21-\x7e]/.test(shown))
    throw sdkErrors.requestTokenUnusable({ reason: "the token has characters that a header cannot have" });
  return shown;
}

const bearerForm = /^Bearer +(\S+) *$/i;

/** The bearer token of a request. */
export function bearerOf({ headers }: EmbeddedRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === "string" ? bearerForm.exec(authorization)?.[1] : undefined;
}
