/** The handlers of a test: by capability, or as a worker's own code registers them. */
import type { Capability } from "@tutti/definitions/builder";
import type { TaskContext } from "../task/context.ts";
import { type HandleOptions, type Handler, Handlers, type Registered } from "../task/handlers.ts";
import { type Handled, handledAs } from "../task/typed.ts";
import { Worker } from "../worker/worker.ts";
import { WorkflowTestError } from "./fault.ts";

/**
 * Does a capability in a test. Declare the input that the definition passes. It is not validated. Written as a method
 * so that handlers with inputs of their own types fit.
 */
export type TestHandler = {
  handle(input: unknown, context: TaskContext): unknown;
}["handle"];

/** `{ "pay.charge": async (input, context) => … }`. `pay.charge@2.1.0` names a version. */
export type TestHandlers = Readonly<Record<string, TestHandler>>;

/** Handlers, or a function that registers them at a worker: the one that the worker's own program calls. */
export type HandlersInput = TestHandlers | ((worker: Worker) => void);

/** Records registrations, and links nowhere. */
class Register extends Worker {
  readonly handled: Handled[] = [];

  constructor() {
    super({ handleSignals: false });
  }

  override handle(
    capability: string | Capability,
    handler: Handler<never>,
    options: HandleOptions = {},
  ): this {
    this.handled.push(handledAs(capability, handler as Handler, options));
    return this;
  }
}

/** Returns all handlers by capability. Of several for one capability, the last one counts. */
export function collectHandlers(sources: readonly HandlersInput[]): ReadonlyMap<string, Registered> {
  const found = new Map<string, Registered>();
  const add = (name: string, handler: Handler, options: HandleOptions) => {
    const handlers = new Handlers();
    handlers.add(name, handler, options);
    const [registered] = handlers.numbered({ [`${name}@${options.version ?? "1.0.0"}`]: 1 }).values();
    if (registered !== undefined) found.set(name, registered);
  };
  for (const each of sources) {
    if (typeof each === "function") {
      const register = new Register();
      each(register);
      for (const { name, handler, options } of register.handled) add(name, handler, options);
      continue;
    }
    for (const [key, handler] of Object.entries(each)) {
      if (typeof handler !== "function")
        throw new WorkflowTestError(`expected the handler of ${key} to be a function, got ${typeof handler}`);
      const [name = "", version] = key.split("@");
      add(name, handler as Handler, version === undefined ? {} : { version });
    }
  }
  return found;
}
