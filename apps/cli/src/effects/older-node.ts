/**
 * Standard functions that the libraries use and Node 18 lacks. The platform brings its own Node, but the command runs
 * on the installed one.
 */
import crypto from "node:crypto";

const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function define(target: object, name: string, value: (...args: never[]) => unknown): void {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

define(Promise, "withResolvers", <T>() => {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
});

define(AbortSignal, "any", (signals: Iterable<AbortSignal>) => {
  const controller = new AbortController();
  const all = [...signals];
  const aborted = all.find((signal) => signal.aborted);
  if (aborted !== undefined) controller.abort(aborted.reason);
  // A long-lived signal must not keep listeners of an aborted one.
  for (const signal of all)
    signal.addEventListener("abort", () => controller.abort(signal.reason), {
      once: true,
      signal: controller.signal,
    });
  return controller.signal;
});

define(Array.prototype, "toReversed", function <T>(this: readonly T[]) {
  return [...this].reverse();
});

define(String.prototype, "toWellFormed", function (this: string) {
  return this.replace(lone, "\ufffd");
});

define(crypto, "hash", (algorithm: string, data: Uint8Array, encoding: "binary" | "base64") =>
  crypto.createHash(algorithm).update(data).digest(encoding),
);

// Without raw JSON, numbers do not keep their written form. They become numbers of JavaScript.
define(JSON, "isRawJSON", () => false);
