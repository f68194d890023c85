/**
 * The running calls of a server: refuses calls that are too many or arrive during a drain, and knows the calls to await
 * or stop.
 */
import type { TuttiError } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

export interface LoadLimits {
  readonly inFlight: number;
  readonly streams: number;
}

/** Pause requested from a refused caller: long enough for a burst to pass. */
const retryAfterMs = 50;

export class ServerLoad {
  readonly #limits: LoadLimits;
  readonly #calls = new Set<ServerCall>();
  readonly #streams = new Set<ServerCall>();
  /** Health and reflection: never refused and not awaited, but ended. */
  readonly #builtin = new Set<ServerCall>();
  #refuses: "none" | "others" | "all" = "none";
  #idle: (() => void)[] = [];

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  get calls(): number {
    return this.#calls.size;
  }

  get streams(): number {
    return this.#streams.size;
  }

  get refuses(): "none" | "others" | "all" {
    return this.#refuses;
  }

  /** Refuses new calls from now on: those of other processes, or all. */
  refuse(callers: "others" | "all"): void {
    if (this.#refuses !== "all") this.#refuses = callers;
  }

  /** Resolves when no call is running that would be refused now. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Stops all or some of the running calls. */
  stop(reason: (call: ServerCall) => TuttiError | undefined): void {
    for (const call of [...this.#streams, ...this.#calls, ...this.#builtin]) {
      const error = this.#counts(call) ? reason(call) : undefined;
      if (error !== undefined) call.stop(error);
    }
  }

  readonly interceptor: Interceptor<ServerCall> = {
    name: "load",
    scope: "core",
    run: (binding) => {
      const { method } = binding;
      if (method.builtin) {
        binding.add({
          before: (call) => {
            this.#builtin.add(call);
            return undefined;
          },
          after: (call) => {
            this.#builtin.delete(call);
          },
        });
        return;
      }
      const running = method.streaming ? this.#streams : this.#calls;
      const limit = method.streaming ? this.#limits.streams : this.#limits.inFlight;
      const setting = method.streaming ? "mesh.limits.streams" : "mesh.limits.inFlight";
      binding.add({
        before: (call) => {
          if (this.#refuses !== "none" && this.#counts(call))
            throw meshErrors.draining({ rpc: method.label });
          if (running.size >= limit) {
            throw meshErrors.overloaded({ rpc: method.label, limit, setting }, { retryAfterMs });
          }
          running.add(call);
          return undefined;
        },
        after: (call) => {
          running.delete(call);
          if (this.#idle.length > 0 && this.#isIdle()) for (const notify of this.#idle.splice(0)) notify();
        },
      });
    },
  };

  #counts(call: ServerCall): boolean {
    return this.#refuses !== "others" || call.incoming.transport !== "in-process";
  }

  #isIdle(): boolean {
    if (this.#refuses !== "others") return this.#calls.size + this.#streams.size === 0;
    for (const running of [this.#calls, this.#streams]) {
      for (const call of running) if (this.#counts(call)) return false;
    }
    return true;
  }
}
