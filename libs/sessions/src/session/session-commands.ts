/** Commands of session workers to sessions, in the name of the service. */
import type { Cause } from "@tutti/contracts/types/v1";
import type { Command, InstanceKey, Query } from "@tutti/kernel";
import { type Session, type SessionView, showWork } from "@tutti/machine-session";
import type { EffectToken, Outcome, Runtime } from "@tutti/runtime";

export interface SessionCommandCall<Body> {
  // biome-ignore lint/suspicious/noExplicitAny: commands of one machine, each with its own body
  readonly command: Command<any, Body>;
  readonly body: Body;
  /** Set if it is the result of an effect. */
  readonly token?: EffectToken;
}

export class SessionCommands {
  readonly #runtime: Pick<Runtime, "submit" | "query">;
  readonly #cause: Cause;

  constructor(runtime: Pick<Runtime, "submit" | "query">, cause: Cause) {
    this.#runtime = runtime;
    this.#cause = cause;
  }

  /** Resolves with the outcome, when that is durable. */
  submit<Body>(key: InstanceKey, { command, body, token }: SessionCommandCall<Body>): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#runtime.submit({
        key: token === undefined ? key : undefined,
        command,
        body,
        token,
        cause: this.#cause,
        idempotencyKey: "",
        reply: resolve,
      });
    });
  }

  /** Returns a live view of a session: each read shows the current state. */
  view(key: InstanceKey): Promise<SessionView> {
    return this.query(key, showWork, undefined);
  }

  query<Body, Reply>(key: InstanceKey, query: Query<Session, Body, Reply>, body: Body): Promise<Reply> {
    return this.#runtime.query({ key, query, body }) as Promise<Reply>;
  }
}
