/** What commands have in common: a session that goes on, and that it goes on by itself after them. */
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type Message, type Refusal, type WireCodec } from "@tutti/kernel";
import { cut, reasonLengthMax, statusName } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { hasEnded, type SessionCommand, type SessionStep, type SessionView, statusOf } from "../state.ts";
import { advance } from "./advance.ts";

interface Made<Body, Reply> extends Message<Body> {
  readonly reply: WireCodec<Reply>;
  /** Nothing is decided by what refuses. */
  decide(session: SessionView, body: Body, step: SessionStep): Reply | Refusal;
}

/** A command to a session that has not ended. */
export function commandOf<Body, Reply>(made: Made<Body, Reply>): SessionCommand<Body, Reply> {
  return {
    ...made,
    decide(session, body, step) {
      const refusal = ended(session, step);
      if (refusal !== undefined) return refusal;
      return goingOn(session, step, () => made.decide(session, body, step));
    },
  };
}

/** Decides, and lets the session go on as far as it can. */
export function goingOn<Answer>(session: SessionView, step: SessionStep, decide: () => Answer): Answer {
  const answer = decide();
  if (!isRefusal(answer)) advance(session, step);
  return answer;
}

function ended(session: SessionView, { key }: SessionStep): Refusal | undefined {
  if (session.order === undefined) return sessionErrors.missing.refusal({ id: key.id });
  if (!hasEnded(session)) return undefined;
  return sessionErrors.ended.refusal({ id: key.id, status: statusName(statusOf(session)) });
}

export function reasonOf(reason: string): string {
  return cut(reason, reasonLengthMax);
}

export function actorOf({ actor }: Cause): string {
  return actor?.id || "the system";
}

export function causeOf(step: SessionStep): Cause {
  return { ...step.cause, actor: step.cause.actor && { ...step.cause.actor } };
}
