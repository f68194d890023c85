/** Common parts of drafts of policies and rules. */
export const enforcements = ["shadow", "enforced", "off"] as const;

export interface Named {
  readonly id: string;
  readonly description: string;
  readonly enforcement: (typeof enforcements)[number];
}

export function oneOf<Choice extends string>(
  choices: readonly Choice[],
  found: string | undefined,
  otherwise: Choice,
): Choice {
  return choices.find((choice) => choice === found) ?? otherwise;
}
