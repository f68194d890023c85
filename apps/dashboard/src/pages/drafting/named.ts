/** Common parts of drafts of policies and rules. */
export const enforcements = ["shadow", "enforced", "off"] as const;

export interface Named {
  readonly id: string;
  readonly description: string;
  readonly enforcement: (typeof enforcements)[number];
}

export function oneOf<Word extends string>(
  words: readonly Word[],
  found: string | undefined,
  otherwise: Word,
): Word {
  return words.find((word) => word === found) ?? otherwise;
}
