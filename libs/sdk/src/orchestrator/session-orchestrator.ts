/**
 * An orchestrator of sessions in your own process. After each change of a session that names it, it decides which
 * tasks start and which continue in another mode.
 *
 * It needs no state of its own: each question contains the whole state. A decision counts once, even if a process
 * dies in between: a decision that did not arrive is requested again.
 */
import { type Foundation, Orchestrator, systemFoundation } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import type { WorkerOptions } from "../worker/settings.ts";
import { Worker, type WorkerPorts } from "../worker/worker.ts";
import type { Decision, Question } from "./decisions.ts";

export interface SessionOrchestratorOptions extends Omit<WorkerOptions, "handleSignals"> {
  readonly foundation?: Foundation;
  /** Transport to its pool, for tests. Default: by the address. */
  readonly transport?: WorkerPorts["transport"];
  /** Default 0.0.0. */
  readonly version?: string;
}

export abstract class SessionOrchestrator extends Orchestrator {
  readonly #worker: Worker;

  /** @param name the capability that sessions name: `{ orchestrator: name }` */
  constructor(name: string, { foundation, version, transport, ...link }: SessionOrchestratorOptions = {}) {
    super(name, foundation ?? systemFoundation(), version === undefined ? {} : { version });
    const { clock, timers, chance } = this.foundation;
    const worker = new Worker(
      { ...link, handleSignals: false },
      { clock, timers, chance, logger: this.logger, ...(transport && { transport }) },
    );
    worker.handle<{ readonly question: Question }, Decision>(name, ({ question }, context) =>
      this.decide(question, context),
    );
    this.#worker = worker;
    const component = {
      start: () => worker.start(),
      stop: () => worker.stop(`the orchestrator ${name} stops`),
    };
    // The platform may start later. On a stop, pending decisions are completed first.
    const patience = { startTimeoutMs: Number.POSITIVE_INFINITY, stopTimeoutMs: Number.POSITIVE_INFINITY };
    this.register("link", component, patience);
  }

  /** Its id in the pool. Before the link: the configured id, or empty. */
  get agentId(): string {
    return this.#worker.agentId;
  }

  /**
   * Decides which tasks start now. If it throws, the question is repeated a few times. Then the session fails with
   * the error.
   */
  protected abstract decide(question: Question, context: TaskContext): Decision | Promise<Decision>;
}
