/** What pools ask for: those that have scalers are opened where they are owned, without a request. */
import { errorFromUnknown, type Logger } from "@tutti/kernel";
import type { DueEffect, Effects } from "@tutti/runtime";

/** @param others what else the machines of the service ask for */
export function tendPools(
  others: Effects,
  open: (namespace: string, name: string) => Promise<unknown>,
  logger: Logger,
): Effects {
  const tend = async ({ key }: DueEffect): Promise<void> => {
    const { namespace, id: pool } = key;
    try {
      await open(namespace, pool);
    } catch (thrown) {
      logger.warn("failed to open a pool with scalers", {
        ...{ namespace, pool, error: errorFromUnknown(thrown) },
      });
    }
  };
  return {
    ...others,
    dispatch(effects) {
      const left = effects.filter(({ key }) => key.kind !== "pool");
      if (left.length > 0) others.dispatch(left);
      for (const effect of effects) if (effect.key.kind === "pool") void tend(effect);
    },
    // Of pools that have no scalers any more, or are owned elsewhere, their scalers hear by themselves.
    withdraw: (tokens) => others.withdraw(tokens),
  };
}
