/** The state of one session by its stream, with its tasks, its choices, and the moves between its parts. */
import type { Choice, Session, SessionTask, TaskMove, WatchSessionReply } from "@tutti/rest/types";
import { Listed } from "../../data/listed.ts";
import { LiveStore } from "../../data/live-store.ts";

export interface SessionKnown {
  /** Undefined until the first report arrives. */
  readonly session: Session | undefined;
  /** In the order in which they were given. */
  readonly tasks: readonly SessionTask[];
  readonly choices: readonly Choice[];
  /** The oldest first. */
  readonly moves: readonly TaskMove[];
}

const nothing: SessionKnown = { session: undefined, tasks: [], choices: [], moves: [] };

export class SessionStore extends LiveStore<WatchSessionReply, SessionKnown> {
  #session: Session | undefined;
  readonly #tasks = new Listed<SessionTask>(({ spec }) => spec?.id ?? "");
  readonly #choices = new Listed<Choice>(
    ({ choiceId }) => choiceId,
    (one, other) => (one.chooseTimeMs ?? 0) - (other.chooseTimeMs ?? 0),
  );
  // A task may go the same way twice.
  readonly #moves = new Listed<TaskMove>(
    ({ taskId, fromPartId, toPartId, moveTimeMs }) => `${taskId} ${fromPartId} ${toPartId} ${moveTimeMs}`,
    (one, other) => (one.moveTimeMs ?? 0) - (other.moveTimeMs ?? 0),
  );

  constructor(later: (tell: () => void) => void) {
    super(nothing, later);
  }

  protected override reset(): void {
    this.#session = undefined;
    for (const list of [this.#tasks, this.#choices, this.#moves]) list.clear();
  }

  protected override fold(value: WatchSessionReply): void {
    const { session, tasks = [], choices = [], moves = [] } = value;
    this.#session = session ?? this.#session;
    for (const task of tasks) this.#tasks.set(task);
    for (const choice of choices) this.#choices.set(choice);
    for (const move of moves) this.#moves.set(move);
  }

  protected override picture(): SessionKnown {
    return {
      session: this.#session,
      tasks: this.#tasks.list(),
      choices: this.#choices.list(),
      moves: this.#moves.list(),
    };
  }
}
