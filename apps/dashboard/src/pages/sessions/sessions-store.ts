/** The sessions of a list by their stream, the newest first. */
import type { Session, WatchSessionsReply } from "@tutti/rest/types";
import { Listed } from "../../data/listed.ts";
import { LiveStore } from "../../data/live-store.ts";

export interface SessionsKnown {
  readonly sessions: readonly Session[];
}

export class SessionsStore extends LiveStore<WatchSessionsReply, SessionsKnown> {
  readonly #sessions = new Listed<Session, Pick<Session, "sessionId">>(
    ({ sessionId }) => sessionId,
    (one, other) => (other.createTimeMs ?? 0) - (one.createTimeMs ?? 0),
  );

  constructor(later: (notify: () => void) => void) {
    super({ sessions: [] }, later);
  }

  protected override reset(): void {
    this.#sessions.clear();
  }

  protected override fold({ sessions = [], removedIds = [] }: WatchSessionsReply): void {
    for (const session of sessions) this.#sessions.set(session);
    for (const sessionId of removedIds) this.#sessions.remove({ sessionId });
  }

  protected override picture(): SessionsKnown {
    return { sessions: this.#sessions.list() };
  }
}
