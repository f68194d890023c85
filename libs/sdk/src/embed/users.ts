/**
 * Selects the token of a call of the client.
 *
 * 1. In a request it is the token of the user, never the token of the application. A request without a token gets no
 *    rights of the application.
 * 2. Outside of requests, and in `asApplication`, it is the token of the application.
 * 3. The token is read at each call, because the sign-in of the user may run later in the request.
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

  /** @param own the token of the application, empty for none */
  constructor(own: string) {
    this.#own = own;
  }

  /** Returns the token for a call at this moment. */
  token(): string {
    const standing = this.#standing.getStore();
    return standing === undefined ? this.#own : standing.token();
  }

  /** The trace of the current request. */
  get trace(): TraceContext | undefined {
    return this.#standing.getStore()?.trace;
  }

  during<T>(tokenOf: () => string | undefined, trace: TraceContext | undefined, work: () => T): T {
    const token = () => {
      const shown = shownBy(tokenOf);
      if (shown !== undefined && shown !== "") return shown;
      // If the application has no token, a request without a token cannot gain rights.
      if (this.#own === "") return "";
      throw sdkErrors.requestWithoutToken();
    };
    return this.#standing.run({ token, trace }, work);
  }

  asApplication<T>(work: () => T): T {
    return this.#standing.run(undefined, work);
  }
}

/** Calls the token function of the application. Its exception is not an error of Tutti. */
function shownBy(tokenOf: () => string | undefined): string | undefined {
  let shown: unknown;
  try {
    shown = tokenOf();
  } catch (error) {
    throw sdkErrors.requestTokenUnusable({ reason: reasonOf(error) }, { cause: error });
  }
  if (shown === undefined || shown === null) return undefined;
  const isPromise = typeof shown === "object" && "then" in shown;
  // An unhandled rejection would end the process.
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

/** Returns the bearer token of a request. */
export function bearerOf({ headers }: EmbeddedRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === "string" ? bearerForm.exec(authorization)?.[1] : undefined;
}
