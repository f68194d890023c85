/**
 * Errors of a call are made where an answer arrives, which no line of the caller leads to. V8 knows who awaits what: a
 * stack that is captured after the await names the caller. A call that succeeds costs nothing more.
 */
export function withCallerStacks<C extends object>(client: C): C {
  return new Proxy(client, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...given: unknown[]): unknown => {
        const answer: unknown = method.apply(target, given);
        return answer instanceof Promise ? withCallerStack(answer) : answer;
      };
    },
  });
}

async function withCallerStack<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error, withCallerStack);
    throw error;
  }
}
