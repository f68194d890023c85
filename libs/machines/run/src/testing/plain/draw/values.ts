/** Draws values, expressions, and answers of agents. */
import type { Json } from "@tutti/expressions";
import type { NeedCondition } from "../plain-task.ts";
import type { Answer } from "../script.ts";
import type { Random } from "./random.ts";

/** Returns whether an expression may read the output of a task that is needed like this. */
export function hasOutput(condition: NeedCondition): boolean {
  return condition === "success" || condition === "done";
}

/** Names that a task can see: tasks before it, and how it needs them. */
export interface Sight {
  readonly needs: ReadonlyMap<string, NeedCondition>;
  readonly isEntry: boolean;
  readonly isInRound: boolean;
  /** Further names. */
  readonly more: readonly string[];
}

export class Values {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** JSON with expressions in it. */
  data(sight: Sight): Json {
    const expression = (): Json => `\${{ ${this.expression(sight)} }}`;
    return this.#random.pick<() => Json>(
      () => this.value(),
      expression,
      expression,
      () => ({ fixed: 1, k: expression() }),
      () => [expression(), expression()],
      () => `n is ${expression()}`,
    )();
  }

  expression(sight: Sight): string {
    const found = ["input.n", "input.text", "input.items", "input", "1 + 1", "input.missing", "input.n + 1"];
    for (const [id, condition] of sight.needs) {
      found.push(`tasks.${id}.status`, `tasks.${id}.status == 'failed' ? 'bad' : 'good'`);
      if (hasOutput(condition))
        found.push(`tasks.${id}.output`, `tasks.${id}.output`, `tasks.${id}.output.n`);
      else if (condition === "failure") found.push(`tasks.${id}.error.code`, `tasks.${id}.error.code`);
      else found.push(`tasks.${id}.output`);
    }
    if (sight.isEntry) found.push("item", "item", "index", "index + 1");
    if (sight.isInRound) found.push("round.number", "round.last", "round.last");
    found.push(...sight.more);
    return found[this.#random.integer(0, found.length - 1)] ?? "1";
  }

  condition(sight: Sight): string {
    const found = [
      "input.n > 1",
      "input.text == 'x'",
      "input.n < 9",
      "size(input.items) > 0",
      "has(input.missing)",
    ];
    for (const [id, condition] of sight.needs) {
      found.push(`tasks.${id}.status == 'completed'`, `tasks.${id}.status != 'skipped'`);
      if (hasOutput(condition)) found.push(`tasks.${id}.output == 1`, `tasks.${id}.output.n > 1`);
    }
    if (sight.isEntry) found.push("item != 'skip'", "item != 'skip'", "index < 2");
    if (sight.isInRound) found.push("round.number < 2", "round.last == null");
    if (sight.more.includes("vars.count")) found.push("vars.count > 1", "vars.count < 3");
    return found[this.#random.integer(0, found.length - 1)] ?? "true";
  }

  answers(hangs: readonly ("queue" | "run" | "heartbeat")[] = []): Answer[] {
    return Array.from({ length: this.#random.integer(1, 3) }, () => this.#drawAnswer(hangs));
  }

  #drawAnswer(hangs: readonly ("queue" | "run" | "heartbeat")[]): Answer {
    const random = this.#random;
    const hang = hangs[random.integer(0, Math.max(0, hangs.length - 1))];
    if (hang !== undefined && random.happens(0.3)) return { hangs: hang };
    if (random.happens(0.02)) return { dies: true };
    if (random.happens(0.25))
      return { fails: random.pick("t.a", "t.b", "t.fatal"), ...(random.happens(0.1) && { isFinal: true }) };
    return random.happens(0.3) ? { echoes: true } : { gives: this.value() };
  }

  value(): Json {
    return this.#random.pick<Json>(
      null,
      1,
      7,
      "x",
      "skip",
      true,
      { n: 2 },
      { more: ["y"], n: 0 },
      [1, 2],
      ["a", "skip"],
      [],
    );
  }
}
