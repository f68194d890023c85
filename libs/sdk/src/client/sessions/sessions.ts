/** Sessions of an installation: started, found again, listed. */
import type { PlanReply, planningService } from "@tutti/contracts/intelligence/v1";
import { type Choice, Mode, type Session, SessionFilter } from "@tutti/contracts/session/v1";
import { LabelSelector, type WorkStatus } from "@tutti/contracts/types/v1";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../../errors.ts";
import { flag, labels, type OptionNames, oneOf, requireKnown, text, wholeNumber } from "../../options.ts";
import { statusCheck, statusNumbers, type WorkState } from "../handle.ts";
import { pages, pagesOfLines } from "../work/paging.ts";
import { namesOfStart } from "../work/start-names.ts";
import type { WorkTask } from "../work/task.ts";
import { type PlannedAgent, planAgentOf, plannedAgentNames } from "./plan.ts";
import { SessionHandle, type SessionParts } from "./session.ts";
import {
  type ModeName,
  modeOf,
  modes,
  type OtherSessionOptions,
  type OutputsOf,
  type SessionOptions,
  sessionSpecOf,
  type TaskSessionOptions,
} from "./spec.ts";

export interface FindSessionsOptions {
  /** As words, such as `failed`, or as numbers of the contract. */
  readonly statuses?: readonly (WorkState | WorkStatus)[];
  /** Filters by current mode. */
  readonly modes?: readonly Mode[];
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whose id, title, labels or error have this text. */
  readonly text?: string;
  readonly oldestFirst?: boolean;
}

export interface FindChoicesOptions {
  /** Kind of the choice: `mode` or `cut`. */
  readonly kind?: string;
  /** Only choices of this mode. */
  readonly mode?: Exclude<ModeName, "adaptive">;
}

export interface SessionsParts extends SessionParts {
  readonly planning: Pick<Client<typeof planningService>, "plan" | "listChoices">;
}

const findNames: OptionNames<FindSessionsOptions> = {
  statuses: [statusCheck],
  modes: [wholeNumber(0)],
  labels,
  text,
  oldestFirst: flag,
};

const choiceNames: OptionNames<FindChoicesOptions> = { kind: text, mode: oneOf(modes) };

interface PlanOptions {
  readonly agents?: readonly PlannedAgent[];
}

const planNames: OptionNames<PlanOptions> = { agents: [plannedAgentNames] };

export class Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** Starts a session. When the promise resolves, the session is durable. */
  start<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    options: TaskSessionOptions<Task, Expression>,
  ): Promise<SessionHandle<Expression extends string ? unknown : OutputsOf<Task>>>;
  start(options: OtherSessionOptions): Promise<SessionHandle>;
  async start(options: SessionOptions): Promise<SessionHandle> {
    const { namespace, ports } = this.#parts;
    const { id, idempotencyKey, isNew } = namesOfStart("session", options, ports.ids);
    const { session, existed } = await this.#parts.sessions.executeSession({
      namespace,
      sessionId: id,
      idempotencyKey,
      spec: sessionSpecOf(options),
      parent: undefined,
    });
    if (session === undefined) throw sdkErrors.replyIncomplete({ about: "a session" });
    return new SessionHandle(this.#parts, session.sessionId, existed && !isNew);
  }

  /**
   * Plans a session as if it were started now: its mode, the agents and times of its tasks, its duration and a lower
   * bound of it. Starts nothing. With `agents`, only these count.
   */
  plan<const Task extends WorkTask>(
    session: TaskSessionOptions<Task> | OtherSessionOptions,
    options: PlanOptions = {},
  ): Promise<PlanReply> {
    requireKnown("sessions.plan", options, planNames);
    const { agents = [] } = options;
    const { namespace, planning } = this.#parts;
    const nothing = { tasks: [], optimization: undefined, budgetMs: 0, previous: [], moveThreshold: 0 };
    return planning.plan({
      ...nothing,
      namespace,
      session: sessionSpecOf(session),
      agents: agents.map(planAgentOf),
    });
  }

  /** Yields the choices for sessions and their results, those of the latest session first, page by page. */
  choices(options: FindChoicesOptions = {}): AsyncGenerator<Choice, void, void> {
    requireKnown("sessions.choices", options, choiceNames);
    const { kind = "", mode } = options;
    const { namespace, planning } = this.#parts;
    const request = { namespace, kind, mode: mode === undefined ? Mode.MODE_UNSPECIFIED : modeOf(mode) };
    return pages(async (page) => {
      const reply = await planning.listChoices({ ...request, chosen: undefined, page });
      return { items: reply.choices, token: reply.page?.nextToken };
    });
  }

  /** Returns a handle of a session by its id. Sends no request. */
  get<Result = unknown>(id: string): SessionHandle<Result> {
    return new SessionHandle(this.#parts, id);
  }

  /** Lists matches, newest first, fetched page by page. */
  list(options: FindSessionsOptions = {}): AsyncGenerator<Session, void, void> {
    requireKnown("sessions.list", options, findNames);
    const { statuses = [], modes: numbers = [], labels: equals, oldestFirst = false } = options;
    const filter = SessionFilter.fromPartial({
      statuses: statusNumbers(statuses),
      modes: [...numbers],
      text: options.text ?? "",
      ...(equals !== undefined && { labels: LabelSelector.fromPartial({ equals: { ...equals } }) }),
    });
    const { namespace } = this.#parts;
    return pagesOfLines(async (page) => {
      const reply = await this.#parts.sessions.listSessions({ namespace, filter, oldestFirst, page });
      return { items: reply.sessions, token: reply.page?.nextToken };
    });
  }
}
