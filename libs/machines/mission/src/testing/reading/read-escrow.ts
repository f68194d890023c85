/**
 * The budget: what was set aside for whom, and what was spent, added up again from who has what. Of what is limited
 * both together are never more than the limit.
 */
import type { Find } from "./read-event.ts";
import { type Given, inWords, parts, plus, type Sum, slack, sumOf } from "./sums.ts";

interface Aside {
  /** Number of the task that it is for by itself; -1 for none. */
  readonly task: number;
  readonly agent: string;
  readonly amounts: Sum;
  readonly expireMs: number;
  spent: Sum;
}

export class ReadEscrow {
  spent = sumOf();
  overrun = sumOf();
  raised = sumOf();
  /** By number of the task. */
  readonly tasks = new Map<number, Sum>();
  readonly asides = new Map<number, Aside>();
  /** What was delegated, by number of the task: it has that for all its attempts. */
  readonly delegated = new Map<number, Sum>();
  readonly #own: Sum;
  readonly #parents: Sum;
  readonly #find: Find;

  constructor(own: Given, parents: Given, find: Find) {
    this.#own = sumOf(own);
    this.#parents = sumOf(parents);
    this.#find = find;
  }

  get limit(): Sum {
    const limit = sumOf();
    for (const part of parts) {
      const own = this.#own[part] > 0 ? this.#own[part] + this.raised[part] : 0;
      const parents = this.#parents[part];
      limit[part] = own > 0 && parents > 0 ? Math.min(own, parents) : Math.max(own, parents);
    }
    return limit;
  }

  get reserved(): Sum {
    let sum = sumOf();
    for (const each of this.tasks.values()) sum = plus(sum, each);
    for (const { amounts, spent } of this.asides.values()) sum = plus(sum, plus(amounts, spent, -1));
    return sum;
  }

  get left(): Sum {
    return plus(this.limit, plus(this.spent, this.reserved), -1);
  }

  /** So much is set aside for an attempt. */
  setAside(task: number, amounts: Given): void {
    this.tasks.set(task, plus(this.tasks.get(task), amounts));
  }

  /** A part gets of its task what it was delegated, and of the rest what that does not have. */
  delegate(task: number, parent: number, budget: Given): void {
    const wanted = sumOf(budget);
    const had = sumOf(this.tasks.get(parent));
    for (const part of parts) had[part] -= Math.min(had[part], wanted[part]);
    this.tasks.set(parent, had);
    this.tasks.set(task, wanted);
    this.delegated.set(task, wanted);
  }

  book(task: number, used: Given): void {
    const { limit, left } = this;
    const own = sumOf(this.tasks.get(task));
    const given = sumOf(this.delegated.get(task));
    for (const part of parts) {
      const said = sumOf(used)[part];
      const isGiven = given[part] > 0;
      const isLimited = limit[part] > 0 || isGiven;
      const free = isGiven ? 0 : Math.max(0, limit[part] > 0 ? left[part] : 0);
      const booked = isLimited ? Math.min(said, own[part] + free) : said;
      own[part] -= Math.min(booked, own[part]);
      this.spent[part] += booked;
      this.overrun[part] += said - booked;
    }
    this.tasks.set(task, own);
  }

  /** An attempt is over. What is not known to be unused counts as used. */
  giveBack(task: number, isUnknown: boolean): void {
    const own = sumOf(this.tasks.get(task));
    const given = sumOf(this.delegated.get(task));
    for (const part of parts) {
      if (isUnknown) this.spent[part] += own[part];
      if (isUnknown || given[part] === 0) own[part] = 0;
    }
    this.tasks.set(task, own);
  }

  /** A task is over: what it was delegated is its delegator's again, while that one is running. */
  over(task: number, parent: number, isParentAtWork: boolean): void {
    const own = this.tasks.get(task);
    this.tasks.delete(task);
    this.delegated.delete(task);
    if (isParentAtWork) this.tasks.set(parent, plus(this.tasks.get(parent), own));
    for (const [number, aside] of this.asides) if (aside.task === task) this.asides.delete(number);
  }

  reserve(number: number, aside: Omit<Aside, "spent">): void {
    if (this.asides.has(number)) this.#find(`the reservation r${number} is there twice`);
    this.asides.set(number, { ...aside, amounts: sumOf(aside.amounts), spent: sumOf() });
  }

  spend(number: number, amounts: Given): void {
    const aside = this.asides.get(number);
    if (aside === undefined) {
      this.#find(`${inWords(amounts)} are spent of r${number}, which is not there`);
      return;
    }
    aside.spent = plus(aside.spent, amounts);
    this.spent = plus(this.spent, amounts);
    if (parts.some((part) => aside.spent[part] > aside.amounts[part] + slack))
      this.#find(`more is spent of r${number} than was set aside: ${inWords(aside.spent)}`);
  }

  /** The mission is over. */
  close(): void {
    this.asides.clear();
  }

  check(): void {
    const { limit, spent, reserved } = this;
    for (const part of parts) {
      if (reserved[part] < -slack) this.#find(`less than nothing is set aside: ${inWords(reserved)}`);
      if (limit[part] > 0 && spent[part] + reserved[part] > limit[part] + slack)
        this.#find(
          `${inWords(spent)} are spent and ${inWords(reserved)} set aside of a limit of ${inWords(limit)}`,
        );
    }
  }
}
