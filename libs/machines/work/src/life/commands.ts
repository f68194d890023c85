/** Commands for open work, after which the work advances as far as it can. */
import type { Command, MachineStep, Message, ReadOnly, Refusal, WireCodec } from "@tutti/kernel";

export interface OpenCommand<State, Effect, Body, Reply> extends Message<Body> {
  readonly reply: WireCodec<Reply>;
  /** A refusal has no events. */
  decide(state: ReadOnly<State>, body: Body, step: MachineStep<State, Effect>): Reply | Refusal;
}

/** Makes commands that `ended` refuses, and that `goingOn` completes. */
export function openCommands<State, Effect>(
  ended: (state: ReadOnly<State>, step: MachineStep<State, Effect>) => Refusal | undefined,
  goingOn: <Answer>(state: ReadOnly<State>, step: MachineStep<State, Effect>, decide: () => Answer) => Answer,
): <Body, Reply>(made: OpenCommand<State, Effect, Body, Reply>) => Command<State, Body, Reply, Effect> {
  return (made) => ({
    ...made,
    decide(state, body, step) {
      return ended(state, step) ?? goingOn(state, step, () => made.decide(state, body, step));
    },
  });
}
