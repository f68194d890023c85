/** Waiting for sessions: for their ends and for every change. */
import {
  type AwaitSessionReply,
  type AwaitSessionRequest,
  type Choice,
  Choice as Choices,
  type SessionTask,
  SessionTask as SessionTasks,
  type WatchSessionReply,
  type WatchSessionRequest,
} from "@tutti/contracts/session/v1";
import { cursorAt, lookupsOf, positionIn, resume, SentItems, whenEnded } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { showChoices, showMoves, showTasks } from "@tutti/machine-session";
import { querySession, type SessionDependencies, sessionNamed, sessionWork } from "./dependencies.ts";

export async function awaitSession(
  dependencies: SessionDependencies,
  { sessionId, waitMs }: AwaitSessionRequest,
  context: CallContext,
): Promise<AwaitSessionReply> {
  const look = () => sessionNamed(dependencies, sessionId, context);
  return {
    session: await whenEnded(dependencies, sessionWork, { id: sessionId, waitMs, read: look }, context),
  };
}

/** Sends the whole session, then changes, each time with the session itself. With a cursor: changes since. */
export async function* watchSession(
  dependencies: SessionDependencies,
  request: WatchSessionRequest,
  context: CallContext,
): AsyncGenerator<WatchSessionReply, void> {
  const { sessionId, cursor } = request;
  const knownSession = new KnownSession(dependencies, request, context);
  let isFirst = true;
  let known = cursor;
  for await (const { isLookup } of lookupsOf(dependencies, sessionWork, sessionId, context)) {
    if (!isLookup) {
      yield { ...nothingNew, cursor: known };
      continue;
    }
    const session = await sessionNamed(dependencies, sessionId, context);
    const watched = { ...session, id: sessionId };
    const isResumed = isFirst && cursor !== "" && (await knownSession.resume(watched, cursor));
    const changed = await knownSession.poll();
    known = cursorAt(watched, knownSession.moves);
    // A caller that continues would mistake a snapshot that is live at once for changes.
    if (isFirst && cursor !== "" && !isResumed) {
      yield { ...nothingNew, ...changed, session, live: false };
      yield { ...nothingNew, cursor: known };
    } else if (isResumed && known === cursor) yield { ...nothingNew, cursor };
    else yield { ...nothingNew, ...changed, session, cursor: known };
    isFirst = false;
  }
}

const nothingNew: WatchSessionReply = {
  session: undefined,
  tasks: [],
  choices: [],
  moves: [],
  live: true,
  cursor: "",
};

const page = 1_000;

/** The state of a session that its watcher knows. */
class KnownSession {
  readonly #dependencies: SessionDependencies;
  readonly #request: WatchSessionRequest;
  readonly #context: CallContext;
  readonly #tasks = new SentItems<SessionTask>(
    ({ spec }) => spec?.id ?? "",
    (task) => SessionTasks.encode(task).finish(),
  );
  readonly #choices = new SentItems<Choice>(
    ({ choiceId }) => choiceId,
    (choice) => Choices.encode(choice).finish(),
  );
  /** Number of reported moves. */
  moves = 0;

  constructor(dependencies: SessionDependencies, request: WatchSessionRequest, context: CallContext) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#context = context;
  }

  /**
   * Restores the watcher's knowledge from before its stream broke. False if the watcher must receive everything again.
   */
  async resume(watched: Parameters<typeof resume>[2], cursor: string): Promise<boolean> {
    const position = positionIn(cursor, watched);
    if (position === undefined) return false;
    const know = async (atEvent: number): Promise<void> => {
      for await (const task of this.#allTasks(atEvent)) this.#tasks.markSent(task);
      for (const choice of await this.#allChoices(atEvent)) this.#choices.markSent(choice);
    };
    const isKnown = await resume(this.#dependencies, sessionWork, watched, position, know, this.#context);
    if (isKnown) this.moves = position.numbers[0] ?? 0;
    else {
      this.#tasks.clear();
      this.#choices.clear();
    }
    return isKnown;
  }

  async poll(): Promise<Pick<WatchSessionReply, "tasks" | "choices" | "moves">> {
    const { withTasks, withChoices, sessionId } = this.#request;
    const tasks: SessionTask[] = [];
    if (withTasks)
      for await (const task of this.#allTasks(0)) if (this.#tasks.isOther(task)) tasks.push(task);
    if (!withChoices) return { tasks, choices: [], moves: [] };
    const choices = (await this.#allChoices(0)).filter((choice) => this.#choices.isOther(choice));
    const call = { query: showMoves, body: { after: this.moves } };
    const moves = await querySession(this.#dependencies, sessionId, call, this.#context);
    this.moves += moves.length;
    return { tasks, choices, moves: [...moves] };
  }

  async *#allTasks(atEvent: number): AsyncGenerator<SessionTask, void> {
    const { sessionId, withPayloads, withTasks } = this.#request;
    for (let from = withTasks ? 0 : -1; from >= 0; ) {
      const body = { from, size: page, statuses: [], partId: "", withPayloads };
      const call = { query: showTasks, body, atEvent };
      const { tasks, next } = await querySession(this.#dependencies, sessionId, call, this.#context);
      yield* tasks;
      from = next;
    }
  }

  #allChoices(atEvent: number): Promise<readonly Choice[]> {
    const call = { query: showChoices, body: undefined, atEvent };
    return querySession(this.#dependencies, this.#request.sessionId, call, this.#context);
  }
}
