import { type Clock, errorFromUnknown, type Timers, toProblem } from "@tutti/kernel";
import type { ThreadAnswer } from "../../../threads/request-thread.ts";
import type { EncodedChanges } from "../committer.ts";
import { ArchiveEngine } from "../engine.ts";
import { callEngine, type EngineArguments, type EngineCall } from "../engine-host.ts";
import type { ToThread } from "./messages.ts";

type Call = Extract<ToThread, { kind: "call" }>;

/** Maximum number of waiting commits in one transaction. */
const commitsAtOnce = 64;

/**
 * Hosts engines and executes calls to them.
 *
 * 1. Calls of an engine are executed in order. Only two interleave with later calls: a backup, and the building of a
 *    filter, which continues a block at a time.
 * 2. An engine that cannot be opened answers every call with the reason, and is tried again with the next.
 */
export class EnginePool {
  readonly #post: (message: ThreadAnswer) => void;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #files = new Map<number, string>();
  readonly #engines = new Map<number, ArchiveEngine>();

  constructor(post: (message: ThreadAnswer) => void, timers: Timers, clock: Clock) {
    this.#post = post;
    this.#timers = timers;
    this.#clock = clock;
  }

  handle(messages: readonly ToThread[]): void {
    for (let at = 0; at < messages.length; ) at += this.#next(messages, at);
  }

  /** Executes the first of these messages. Returns how many it has executed. */
  #next(messages: readonly ToThread[], at: number): number {
    const message = messages[at] as ToThread;
    if (message.kind === "open") {
      this.#files.set(message.engine, message.file);
      return 1;
    }
    if (message.kind === "close") {
      this.#respond(message.id, () => this.#close(message.engine));
      return 1;
    }
    if (message.call === "filterWords") {
      this.#buildFilter(message);
      return 1;
    }
    if (message.call === "commit") return this.#commit(commitsFrom(messages, at));
    this.#call(message);
    return 1;
  }

  #call({ id, engine, call, values }: Call): void {
    // The cast: the sender satisfied the types of `EngineHost`.
    this.#respond(id, () => callEngine(this.#engine(engine), call, values as EngineArguments<EngineCall>));
  }

  /**
   * Executes all in one transaction. If that fails, executes them one by one, so that a faulty commit does not affect
   * the others.
   */
  #commit(calls: readonly Call[]): number {
    const [first] = calls;
    if (first === undefined) return 0;
    try {
      // The cast as above.
      const all = calls.map(({ values }) => values as [number, EncodedChanges]);
      this.#engine(first.engine).commitAll(all);
      for (const { id } of calls) this.#post({ id, result: undefined });
    } catch (error) {
      if (calls.length > 1) for (const call of calls) this.#call(call);
      else this.#refuse(first.id, error);
    }
    return calls.length;
  }

  #buildFilter({ id, engine }: Call): void {
    let building: ReturnType<ArchiveEngine["buildFilter"]> | undefined;
    const step = (): void => {
      this.#respond(id, () => {
        building ??= this.#engine(engine).buildFilter();
        for (let block = 0; block < blocksAtOnce; block++) {
          const { done, value } = building.next();
          if (done) return { capacity: value.capacity, count: value.count, words: value.words };
        }
        this.#timers.after(0, step);
        return later;
      });
    };
    step();
  }

  #close(engine: number): void {
    this.#engines.get(engine)?.close();
    this.#engines.delete(engine);
    this.#files.delete(engine);
  }

  #engine(number: number): ArchiveEngine {
    let engine = this.#engines.get(number);
    if (engine === undefined) {
      engine = ArchiveEngine.open(this.#files.get(number) ?? "", this.#clock);
      this.#engines.set(number, engine);
    }
    return engine;
  }

  #respond(id: number, work: () => unknown): void {
    try {
      const result = work();
      if (result === later) return;
      if (!(result instanceof Promise)) this.#post({ id, result });
      else {
        const fail = (error: unknown): void => this.#refuse(id, error);
        result.then((value: unknown) => this.#post({ id, result: value }), fail);
      }
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #refuse(id: number, error: unknown): void {
    this.#post({ id, problem: toProblem(errorFromUnknown(error)) });
  }
}

const later = Symbol("answered later");
/** Each takes well below a millisecond. */
const blocksAtOnce = 4;

function commitsFrom(messages: readonly ToThread[], at: number): Call[] {
  const calls: Call[] = [];
  for (const message of messages.slice(at, at + commitsAtOnce)) {
    const isNext = message.kind === "call" && message.call === "commit";
    if (!isNext || (calls[0] !== undefined && calls[0].engine !== message.engine)) break;
    calls.push(message);
  }
  return calls;
}
