/** What parts of a session may use up, as it is read: together with what those that ended used never more than its budget. */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { Find } from "./read-tasks.ts";

const kinds = ["tokens", "money", "timeMs"] as const;
const nothing: Amounts = { tokens: 0, money: 0, timeMs: 0 };

export class ReadBudget {
  readonly #find: Find;
  /** By part: what it has, or had used up. */
  readonly #held: Amounts[] = [];
  #limit: Amounts = nothing;

  constructor(find: Find) {
    this.#find = find;
  }

  given(limit: Amounts | undefined): void {
    this.#limit = limit ?? nothing;
  }

  made(part: Amounts | undefined): void {
    const held = part ?? nothing;
    this.#held.push({ ...held });
    for (const kind of kinds)
      if (this.#limit[kind] > 0 && held[kind] <= 0) this.#find(`a part is begun without a limit of ${kind}`);
    this.#hold();
  }

  ended(part: number, used: Amounts | undefined): void {
    if (used !== undefined) this.#held[part] = { ...used };
    this.#hold();
  }

  #hold(): void {
    for (const kind of kinds) {
      const sum = this.#held.reduce((all, held) => all + held[kind], 0);
      if (this.#limit[kind] > 0 && sum > this.#limit[kind] + 1e-3)
        this.#find(`its parts have ${sum} ${kind} of ${this.#limit[kind]}`);
    }
  }
}
