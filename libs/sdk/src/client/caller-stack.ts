/**
 * Improves the errors of calls for the calling program.
 *
 * 1. Errors are created where a reply arrives, outside the caller's stack. V8 knows which function awaits: a stack
 *    that is captured after the await names the caller. A successful call costs nothing more.
 * 2. An error is explained in the terms of a program, if the caller has an explanation.
 * 3. A call that waits for an unavailable server keeps the process alive until it has failed.
 */
import { keepAlive } from "@tutti/kernel";

type Explain = (error: unknown) => unknown;

export function withCallerStacks<C extends object>(client: C, explain: Explain = (error) => error): C {
  return new Proxy(client, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => {
        const answer: unknown = method.apply(target, args);
        if (answer instanceof Promise) return withCallerStack(answer, explain);
        return isStream(answer) ? withStreamStacks(answer, explain) : answer;
      };
    },
  });
}

async function withCallerStack<T>(answer: Promise<T>, explain: Explain): Promise<T> {
  const release = keepAlive();
  try {
    return await answer;
  } catch (thrown) {
    const error = explain(thrown);
    if (error instanceof Error) Error.captureStackTrace(error, withCallerStack);
    throw error;
  } finally {
    release();
  }
}

function isStream(answer: unknown): answer is AsyncGenerator<unknown> {
  return typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer && "next" in answer;
}

function withStreamStacks(stream: AsyncGenerator<unknown>, explain: Explain): AsyncGenerator<unknown> {
  return new Proxy(stream, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === Symbol.asyncIterator) return () => withStreamStacks(target, explain);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const answer: unknown = member.apply(target, args);
        return name === "next" && answer instanceof Promise ? withCallerStack(answer, explain) : answer;
      };
    },
  });
}
