/** Limits of slots or of a named resource, of which a task takes what it asks for. */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import { KeyLimit, type LimitWatch } from "./limit.ts";

export const slots = "slots";

/** Returns how much of something a task takes that asks for this. */
export function takenBy({ fit }: Pick<Demand, "fit">, name: string): number {
  if (name === slots) return 1;
  return fit.resources.find(([resource]) => resource === name)?.[1] ?? 0;
}

export abstract class AmountLimit extends KeyLimit {
  /** What it is a limit of. */
  readonly resource: string;

  constructor(id: string, key: string, namespace: string, resource: string, watch: LimitWatch) {
    super(id, key, namespace, undefined, watch);
    this.resource = resource;
  }

  override amountOf(demand: Demand): number {
    return takenBy(demand, this.resource);
  }
}

/**
 * What those of a key may have of a named resource, beside how many of them there may be. The maker of limits refuses
 * tasks that ask for more than that. One that comes all the same waits until the limit allows more.
 */
export class KeyAmountLimit extends AmountLimit {
  #amount = Number.POSITIVE_INFINITY;

  override get amounts(): { readonly resource: string; readonly most: number } {
    return { resource: this.resource, most: this.#amount };
  }

  /** Of several that differ, the last counts. */
  override bring({ resources }: KeyedLimit): void {
    this.#amount = resources[this.resource] ?? this.#amount;
  }

  override roomAt(): number {
    return Math.max(0, this.#amount - this.held);
  }
}
