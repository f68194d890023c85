/** Limits of slots or of a named resource. A task takes the amount that it requires. */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import { KeyLimit, type LimitWatch } from "./limit.ts";

export const slots = "slots";

/** Returns the amount that a task with this demand takes. */
export function amountUsedBy({ fit }: Pick<Demand, "fit">, name: string): number {
  if (name === slots) return 1;
  return fit.resources.find(([resource]) => resource === name)?.[1] ?? 0;
}

export abstract class AmountLimit extends KeyLimit {
  /** The limited resource. */
  readonly resource: string;

  constructor(id: string, key: string, namespace: string, resource: string, watch: LimitWatch) {
    super(id, key, namespace, watch);
    this.resource = resource;
  }

  override amountOf(demand: Demand): number {
    return amountUsedBy(demand, this.resource);
  }
}

/**
 * The maximum of a named resource for the tasks of a key, in addition to their maximum number. The code that
 * makes limits refuses tasks that ask for more. If such a task comes anyway, it waits until the limit allows
 * more.
 */
export class KeyAmountLimit extends AmountLimit {
  #amount = Number.POSITIVE_INFINITY;

  override get amounts(): { readonly resource: string; readonly most: number } {
    return { resource: this.resource, most: this.#amount };
  }

  /** If several tasks differ, the last one counts. */
  override configure({ resources }: KeyedLimit): void {
    this.#amount = resources[this.resource] ?? this.#amount;
  }

  override roomAt(): number {
    return Math.max(0, this.#amount - this.held);
  }
}
