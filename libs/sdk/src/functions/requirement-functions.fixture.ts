/** Functions for the requirements, by id. `sdk/python/tests/requirement_functions.py` has them in Python. */
import type { FunctionContext } from "./context.ts";
import type { RunOptions } from "./step-options.ts";

/** A play of a requirement, over all replays of its code. */
export interface Playing {
  /** A step of a function. Its work gets the number of its call, from 1. */
  run<T>(
    ctx: FunctionContext,
    name: string,
    work: (call: number) => T | Promise<T>,
    options?: RunOptions,
  ): Promise<T>;
  /** Ends the worker of this turn. Another worker makes the turn again. */
  crash(): Promise<never>;
}

export type PlayedCode = (ctx: FunctionContext, input: never, playing: Playing) => unknown;

export interface Program {
  readonly main: PlayedCode;
  /** Functions that it starts as children, by name. */
  readonly scopes?: Readonly<Record<string, PlayedCode>>;
}

/** Not retried. */
const noRetry = { retry: 1 };
const largeLength = 300_000;

class TransientError extends Error {
  override readonly name = "TransientError";
}

function fail(): never {
  throw new Error("it fails");
}

/** A call of another system, which fails as its script says. */
function call(ctx: FunctionContext, name: string): Promise<string> {
  return ctx.call<string>("outside.work", name, { id: name, retry: 1 });
}

function failsUntil<T>(call: number, value: T): (at: number) => T {
  return (at) => (at < call ? fail() : value);
}

function wait(seconds: number): PlayedCode {
  return (ctx) => ctx.sleep(`${seconds}s`);
}

const steps: Readonly<Record<string, PlayedCode>> = {
  "1-1": (ctx, input: string, { run }) => run(ctx, "greet", () => `Hello, ${input}!`),
  "1-2": (ctx, input: string, { run }) => run(ctx, "custom_step_name", () => `Hello, ${input}!`),
  "1-3": async (ctx, _, { run }) => {
    const first = await run(ctx, "first", () => "first");
    return run(ctx, "second", () => `${first}_second`);
  },
  "1-4": (ctx, { name, tags }: { name: string; tags: readonly string[] }, { run }) =>
    run(ctx, "build", () => ({ user: { name, tags }, count: tags.length })),
  "1-5": (ctx, _, { run }) => run(ctx, "nothing", () => undefined),
  "1-7": (ctx, input: string, { run }) =>
    run(ctx, "greet", () => {
      ctx.log.info(`Greeting step started for: ${input}`);
      const greeting = `Hello, ${input}!`;
      ctx.log.info(`Greeting step completed with: ${greeting}`);
      return greeting;
    }),
  "1-8": async (ctx, _, { run }) => {
    const computed = await run(ctx, "compute", () => "computed");
    await ctx.sleep("2s");
    return computed;
  },
  "1-9": async (ctx, _, { run }) => {
    const cached = await run(ctx, "compute", () => "cached_value");
    await ctx.sleep("1s");
    return cached;
  },
  "1-10": async (ctx, _, { run }) => {
    const code = await run(ctx, "load", fail, noRetry).catch((error) => error.code);
    await ctx.sleep("1s");
    return code;
  },
  "1-11": (ctx, _, { run }) => run(ctx, "load", failsUntil(2, "Operation succeeded"), { retry: 3 }),
  "1-12": (ctx, _, { run }) =>
    run(ctx, "load", fail, { retry: { attempts: 4, backoff: "1s..1s", jitter: 0 } }),
  "1-13": (ctx, _, { run }) => run(ctx, "load", failsUntil(3, null)),
  "1-14": (ctx, _, { run }) =>
    run(ctx, "load", failsUntil(3, null), {
      retry: { attempts: 5, backoff: "2s..1m", factor: 3, jitter: 0 },
    }),
  "1-15": (ctx, _, { run }) => {
    const load = (call: number) => {
      if (call === 1) throw new TransientError("not yet");
    };
    return run(ctx, "load", load, { retry: { on: ["TransientError"], jitter: 0 } });
  },
  "1-16": (ctx, _, { run }) => {
    const load = () => {
      throw new TransientError("not yet");
    };
    return run(ctx, "load", load, { retry: { notOn: ["TransientError"] } });
  },
  "1-17": (ctx, input: string, { run, crash }) =>
    run(ctx, "at_most_once_flaky_step", (call) => interrupted(ctx, input, call, crash), {
      ...noRetry,
      atMostOnce: true,
    }),
  "1-18": (ctx, input: string, { run, crash }) =>
    run(ctx, "load", (call) => interrupted(ctx, input, call, crash), { atMostOnce: true }),
  "1-19": (ctx, _, { run }) => run(ctx, "load", fail, noRetry),
  "1-20": async (ctx, _, { run }) => {
    const loaded = await run(ctx, "load", fail, noRetry).catch(() => "fallback");
    return run(ctx, "finish", () => `${loaded}_result`);
  },
};

function interrupted(ctx: FunctionContext, line: string, call: number, crash: () => Promise<never>) {
  ctx.log.info(line);
  return call === 1 ? crash() : "succeeded on second attempt";
}

const waits: Readonly<Record<string, PlayedCode>> = {
  "2-1": wait(2),
  "2-2": (ctx) => ctx.sleep("2s", { id: "custom_wait_name" }),
  "2-3": async (ctx) => {
    await ctx.sleep("2s", { id: "wait-1" });
    await ctx.sleep("2s", { id: "wait-2" });
    return { completedWaits: 2 };
  },
  "2-4": (ctx) => ctx.sleep("1m"),
  "2-5": (ctx) => ctx.sleep("1h"),
};

const callbacks: Readonly<Record<string, PlayedCode>> = {
  "4-1": (ctx, name: string) => ctx.signal(name),
  "4-2": (ctx) => ctx.signal("approval"),
  "4-3": (ctx, name: string) => ctx.signal(name, { within: "5s" }),
  "4-4": (ctx, name: string) =>
    ctx.call("outside.work", name, { id: name, retry: 1, timeout: { heartbeat: "5s" } }),
  "4-5": (ctx, name: string) =>
    ctx.call("outside.work", name, { id: name, retry: 1, timeout: { heartbeat: "10s" } }),
  "4-6": (ctx, name: string) => call(ctx, name),
  "4-7": async (ctx, name: string, { run }) => {
    const callback = call(ctx, name);
    await run(ctx, "step", () => 1);
    return callback;
  },
  "4-8": async (ctx, name: string, { run }) => {
    const callback = ctx.signal(name, { within: "5s" });
    await run(ctx, "step", () => 1);
    return callback;
  },
  "4-9": async (ctx, name: string) => {
    const callback = ctx.signal(name);
    await ctx.sleep("5s");
    return callback;
  },
  "4-10": async (ctx, name: string) => {
    const callback = call(ctx, name);
    await ctx.sleep("5s");
    return callback;
  },
  "4-11": async (ctx, name: string) => {
    const callback = ctx.signal(name, { within: "3s" });
    await ctx.sleep("6s");
    return callback;
  },
  "4-12": async (ctx, name: string) => {
    const payload = await ctx.signal(name);
    await ctx.sleep("2s");
    return payload;
  },
  "4-13": async (ctx, name: string) => {
    const message = await call(ctx, name).catch((error) => error.message);
    await ctx.sleep("2s");
    return message;
  },
  "4-14": async (ctx, name: string) => {
    const message = await ctx.signal(name, { within: "3s" }).catch((error) => error.message);
    await ctx.sleep("2s");
    return message;
  },
  "4-17": async (ctx, [a, b]: readonly [string, string]) => [await ctx.signal(a), await ctx.signal(b)],
  "4-18": async (ctx, [a, b]: readonly [string, string]) => {
    const [first, second] = [ctx.signal(a), ctx.signal(b)];
    return [await first, await second];
  },
  "4-19": async (ctx, [a, b]: readonly [string, string]) => {
    const [first, second] = [ctx.signal(a), ctx.signal(b)];
    const last = await second;
    return [await first, last];
  },
};

/** A function that starts one scope and returns its result. */
function inScope(scope: PlayedCode, main: PlayedCode = (ctx, input: string) => ctx.child("scope", input)) {
  return { main, scopes: { scope } };
}

const echo: PlayedCode = (ctx, input: string, { run }) => run(ctx, "echo", () => input);
const failing: PlayedCode = (ctx, _, { run }) => run(ctx, "load", fail, noRetry);
const thenWait: PlayedCode = async (ctx, input: string) => {
  const result = await ctx.child("scope", input);
  await ctx.sleep("1s");
  return result;
};
const echoAndWait: PlayedCode = async (ctx, input: string, { run }) => {
  const result = await run(ctx, "inner", () => input);
  await ctx.sleep("1s");
  return result;
};

const scopes: Readonly<Record<string, Program>> = {
  "3-1": inScope(echo),
  "3-2": inScope(echo, (ctx, { name, value }: { name: string; value: string }) =>
    ctx.child("scope", value, { id: name }),
  ),
  "3-3": inScope(async (ctx, input: string, { run }) => {
    const first = await run(ctx, "first", () => input);
    return run(ctx, "second", () => first);
  }),
  "3-4": inScope(failing),
  "3-5": inScope(failing, async (ctx, input: string, { run }) => {
    const result = await ctx.child("scope").catch(() => input);
    return run(ctx, "recover", () => result);
  }),
  "3-6": {
    main: (ctx, input: string) => ctx.child("outer", input),
    scopes: {
      outer: async (ctx, input: string, { run }) => {
        const result = await run(ctx, "outer", () => input);
        return ctx.child("inner", result);
      },
      inner: echo,
    },
  },
  "3-7": inScope((ctx, input: string, { run }) => run(ctx, "load", failsUntil(2, input), { retry: 3 })),
  "3-8": inScope((ctx, _, { run }) => run(ctx, "load", fail, { retry: 2 })),
  "3-9": inScope(echo, thenWait),
  "3-10": inScope(echoAndWait),
  "3-11": inScope(async (ctx, input: string, { run }) => {
    ctx.log.info(input);
    const small = await run(ctx, "small", () => "x");
    return small.repeat(largeLength);
  }, thenWait),
  "3-12": inScope((ctx, input: string, { run, crash }) =>
    run(ctx, "echo", (call) => (call === 1 ? crash() : input)),
  ),
  "3-13": inScope(
    async (ctx, input: string) => {
      await ctx.sleep("1s");
      return input;
    },
    async (ctx, input: string, { run }) => {
      const result = await ctx.child<string>("scope", input);
      return run(ctx, "outer", () => result);
    },
  ),
  "3-15": inScope(fail),
  "3-16": inScope(() => null),
  "3-17": inScope((ctx, input: string) => {
    ctx.log.info(input);
    return input;
  }, thenWait),
  "3-18": inScope(echoAndWait, async (ctx, input: string, { run }) => {
    const result = await ctx.child<string>("scope", input);
    const outer = await run(ctx, "outer", () => result);
    await ctx.sleep("1s");
    return outer;
  }),
};

/** A function with a scope for each branch, at the same time. */
function inBranches(branches: readonly PlayedCode[]): Program {
  const named = branches.map((code, index) => [`branch-${index}`, code] as const);
  return {
    main: (ctx) => ctx.all(named.map(([name]) => ctx.child(name))),
    scopes: Object.fromEntries(named),
  };
}

function step(value: string): PlayedCode {
  return (ctx, _, { run }) => run(ctx, value, () => value);
}

const branches: Readonly<Record<string, Program>> = {
  "8-1": inBranches([step("task-1"), step("task-2")]),
  "8-2": inBranches([() => "alpha", () => "beta"]),
  "8-3": {
    main: (ctx) =>
      ctx.all([ctx.child("one", null, { id: "first" }), ctx.child("two", null, { id: "second" })]),
    scopes: { one: () => "one", two: () => "two" },
  },
  "8-4": inBranches([() => "hello", () => 42, () => ({ k: "v" })]),
  "8-5": inBranches([]),
  "8-7": inBranches([fail, wait(1)]),
  "8-11": inBranches(
    ["r0", "r1", "r2"].map(
      (value, index): PlayedCode =>
        async (ctx) => {
          await ctx.sleep(`${3 - index}s`);
          return value;
        },
    ),
  ),
  "8-12": {
    main: (ctx, _, { run }) => ctx.all(["fa", "fb"].map((value) => run(ctx, value, () => value))),
  },
  "8-14": inBranches([
    step("b0"),
    async (ctx) => {
      await ctx.sleep("2s");
      return "b1";
    },
  ]),
  "8-21": {
    main: (ctx) => ctx.all([ctx.child("outer")]),
    scopes: {
      outer: (ctx) => ctx.all([ctx.child("i1"), ctx.child("i2")]),
      i1: step("i1"),
      i2: step("i2"),
    },
  },
};

const alone = Object.entries({ ...steps, ...waits, ...callbacks }).map(
  ([id, main]) => [id, { main }] as const,
);

export const programs: ReadonlyMap<string, Program> = new Map([
  ...alone,
  ...Object.entries({ ...scopes, ...branches }),
]);
