/** Commands for open work, after which the work advances as far as it can. */
import type { Command, MachineStep, Message, ReadOnly, Refusal, WireCodec } from "@tutti/kernel";

export interface OpenCommand<State, Effect, Body, Reply> extends Message<Body> {
  readonly reply: WireCodec<Reply>;
  /** A refusal has no events. */
  decide(state: ReadOnly<State>, body: Body, step: MachineStep<State, Effect>): Reply | Refusal;
}

/** Makes commands that `ended` refuses, and that `completing` completes. */
export function openCommands<State, Effect>(
  ended: (state: ReadOnly<State>, step: MachineStep<State, Effect>) => Refusal | undefined,
  completing: <Answer>(
    state: ReadOnly<State>,
    step: MachineStep<State, Effect>,
    decide: () => Answer,
  ) => Answer,
): <Body, Reply>(command: OpenCommand<State, Effect, Body, Reply>) => Command<State, Body, Reply, Effect> {
  return (command) => ({
    ...command,
    decide(state, body, step) {
      return ended(state, step) ?? completing(state, step, () => command.decide(state, body, step));
    },
  });
}
