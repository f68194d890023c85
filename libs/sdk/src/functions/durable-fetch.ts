/**
 * A `fetch` whose responses are steps. Frameworks for AI agents accept a `fetch` for their model calls, so their code
 * becomes durable without a change.
 *
 * 1. The journal has status, content type and body of a response. It has neither requests nor their headers.
 * 2. A response is recorded as a whole: a stream is read to its end first.
 */
import { answerText } from "@tutti/kernel";
import type { FunctionContext } from "./context.ts";
import type { RunOptions } from "./step-options.ts";

export interface DurableFetchOptions extends RunOptions {
  /** Sends the requests. Default: `fetch` of Node. */
  readonly fetch?: typeof fetch;
}

const retryDefault = { attempts: 6, backoff: "1s..1m" } as const;

/** Makes a `fetch` for code within a durable function. Statuses 408, 429 and from 500 on are retried. */
export function durableFetch(
  ctx: FunctionContext,
  { fetch: send = fetch, retry = retryDefault, ...options }: DurableFetchOptions = {},
): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, withoutSignal(init));
    const requestOnce = async () => {
      const answer = await send(request.clone());
      const body = await answerText(answer);
      if (answer.status === 408 || answer.status === 429 || answer.status >= 500)
        throw new Error(`${new URL(request.url).host}: status ${answer.status}: ${body.slice(0, 300)}`);
      return { status: answer.status, type: answer.headers.get("content-type") ?? "", body };
    };
    const name = `fetch ${new URL(request.url).host}`;
    const { status, type, body } = await ctx.run(name, requestOnce, { ...options, retry });
    const isEmpty = status === 204 || status === 205 || status === 304;
    return new Response(isEmpty ? null : body, {
      status,
      headers: type === "" ? {} : { "content-type": type },
    });
  };
}

/** The end of the attempt stops a step. A timeout of a framework would be another one after a crash. */
function withoutSignal(init: RequestInit | undefined): RequestInit {
  const { signal: _, ...rest } = init ?? {};
  return rest;
}
