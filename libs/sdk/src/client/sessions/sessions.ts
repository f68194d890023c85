/** Sessions of an installation: started, found again, listed. */
import { type Mode, type Session, SessionFilter } from "@tutti/contracts/session/v1";
import { LabelSelector, type WorkStatus } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../../errors.ts";
import type { WorkTask } from "../work/task.ts";
import { pagesOfLines } from "../work/telling.ts";
import { SessionHandle, type SessionParts } from "./session.ts";
import {
  type OtherSessionOptions,
  type OutputsOf,
  type SessionOptions,
  sessionSpecOf,
  type TaskSessionOptions,
} from "./spec.ts";

export interface FindSessionsOptions {
  readonly statuses?: readonly WorkStatus[];
  /** By what they are in. */
  readonly modes?: readonly Mode[];
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whose id, title, labels or error have this text. */
  readonly text?: string;
  readonly oldestFirst?: boolean;
}

export class Sessions {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Starts one. What is resolved is durable. */
  start<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    options: TaskSessionOptions<Task, Expression>,
  ): Promise<SessionHandle<Expression extends string ? unknown : OutputsOf<Task>>>;
  start(options: OtherSessionOptions): Promise<SessionHandle>;
  async start(options: SessionOptions): Promise<SessionHandle> {
    const { id = "", idempotencyKey = "" } = options;
    const { namespace } = this.#parts;
    const { session, existed } = await this.#parts.sessions.executeSession({
      ...{ namespace, sessionId: id, idempotencyKey, spec: sessionSpecOf(options), parent: undefined },
    });
    if (session === undefined) throw sdkErrors.replyIncomplete({ about: "a session" });
    return new SessionHandle(this.#parts, session.sessionId, existed);
  }

  /** One that is known by its id. Nothing is asked yet. */
  get<Result = unknown>(id: string): SessionHandle<Result> {
    return new SessionHandle(this.#parts, id);
  }

  /** Those that match, newest first, fetched page by page as they are looked at. */
  list(options: FindSessionsOptions = {}): AsyncGenerator<Session, void, void> {
    const { statuses = [], modes = [], labels, text = "", oldestFirst = false } = options;
    const filter = SessionFilter.fromPartial({
      ...{ statuses: [...statuses], modes: [...modes], text },
      ...(labels !== undefined && { labels: LabelSelector.fromPartial({ equals: { ...labels } }) }),
    });
    const { namespace } = this.#parts;
    return pagesOfLines(async (page) => {
      const reply = await this.#parts.sessions.listSessions({ namespace, filter, oldestFirst, page });
      return { items: reply.sessions, token: reply.page?.nextToken };
    });
  }
}
