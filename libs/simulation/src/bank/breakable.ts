import { Done } from "@tutti/contracts/bank/v1";
import type { Machine } from "@tutti/kernel";
import { account } from "@tutti/machine-bank";

/** A command whose decider emits and then throws: the instance is quarantined, without any event of it. */
export const breakCommand = "break";

// biome-ignore lint/suspicious/noExplicitAny: the counts are kept for machines of any state
export function breakableAccount(): Machine<any, any> {
  const deposited = account.events.find(({ type }) => type === "money_deposited");
  return {
    ...account,
    commands: [
      ...account.commands,
      {
        type: breakCommand,
        codec: Done,
        reply: Done,
        decide(state, _, step) {
          if (deposited !== undefined && state.standing === "open") step.emit(deposited, { amountCents: 1 });
          throw new Error("broken on purpose");
        },
      },
    ],
  };
}
