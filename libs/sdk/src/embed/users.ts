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

interface RequestContext {
  readonly token: () => string;
  readonly trace: TraceContext | undefined;
}

export class Users {
  readonly #context = new AsyncLocalStorage<RequestContext | undefined>();
  readonly #own: string;

  /** @param own the token of the application, empty for none */
  constructor(own: string) {
    this.#own = own;
  }

  /** Returns the token for a call at this moment. */
  token(): string {
    const context = this.#context.getStore();
    return context === undefined ? this.#own : context.token();
  }

  /** The trace of the current request. */
  get trace(): TraceContext | undefined {
    return this.#context.getStore()?.trace;
  }

  during<T>(tokenOf: () => string | undefined, trace: TraceContext | undefined, work: () => T): T {
    const token = () => {
      const requestToken = readToken(tokenOf);
      if (requestToken !== undefined && requestToken !== "") return requestToken;
      // If the application has no token, a request without a token cannot gain rights.
      if (this.#own === "") return "";
      throw sdkErrors.requestWithoutToken();
    };
    return this.#context.run({ token, trace }, work);
  }

  asApplication<T>(work: () => T): T {
    return this.#context.run(undefined, work);
  }
}

/** Calls the token function of the application. Its exception is not an error of Tutti. */
function readToken(tokenOf: () => string | undefined): string | undefined {
  let value: unknown;
  try {
    value = tokenOf();
  } catch (error) {
    throw sdkErrors.requestTokenUnusable({ reason: reasonOf(error) }, { cause: error });
  }
  if (value === undefined || value === null) return undefined;
  const isPromise = typeof value === "object" && "then" in value;
  // An unhandled rejection would end the process.
  if (isPromise) void Promise.resolve(value).catch(() => {});
  if (typeof value !== "string")
    throw sdkErrors.requestTokenUnusable({
      reason: isPromise ? "it returned a promise" : `it returned a value of the type ${typeof value}`,
    });
  if (/[^\x21-\x7e]/.test(value))
    throw sdkErrors.requestTokenUnusable({ reason: "the token has characters that a header cannot have" });
  return value;
}

const bearerForm = /^Bearer +(\S+) *$/i;

/** Returns the bearer token of a request. */
export function bearerOf({ headers }: EmbeddedRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === "string" ? bearerForm.exec(authorization)?.[1] : undefined;
}
