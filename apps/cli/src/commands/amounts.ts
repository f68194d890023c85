/** Parses amounts such as `gpu=2` and `tokens=1000`. */
import type { Context } from "../command/declaration.ts";
import { usageFailure } from "../command/failure.ts";
import { safe } from "../terminal/text.ts";

type Example = readonly [words: string, does: string];

/** Returns the amounts of an option. Throws without any. */
export function amountsIn(context: Context, option: string, example: Example): Record<string, number> {
  const amounts = amountsOf(context, option, example);
  if (Object.keys(amounts).length === 0) throw usageFailure(`--${option} is required.`, [example]);
  return amounts;
}

const budgetNames = ["tokens", "money", "timeMs"];

/** Returns the budget of the started work. Undefined by default. */
export function budgetIn(context: Context): Record<string, number> | undefined {
  const example = [
    "tutti run order --budget tokens=1000 --budget money=2",
    "limits tokens and money",
  ] as const;
  const budget = amountsOf(context, "budget", example);
  const names = Object.keys(budget);
  const unknown = names.find((name) => !budgetNames.includes(name));
  if (unknown !== undefined)
    throw usageFailure(`--budget: expected ${budgetNames.join(", ")}, got \`${safe(unknown)}\``, [example]);
  return names.length === 0 ? undefined : budget;
}

function amountsOf({ values }: Context, option: string, example: Example): Record<string, number> {
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(values.labels(option))) {
    const amount = Number(text);
    if (text === "" || !(amount >= 0))
      throw usageFailure(`--${option} ${safe(name)}=: expected a number, got \`${safe(text)}\``, [example]);
    amounts[name] = amount;
  }
  return amounts;
}
