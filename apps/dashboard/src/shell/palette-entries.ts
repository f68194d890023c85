/** Entries of the palette for a typed text. */

type Choice =
  | { readonly kind: "place"; readonly path: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "mission"; readonly missionId: string }
  | { readonly kind: "session"; readonly sessionId: string }
  | { readonly kind: "workflow"; readonly name: string }
  | { readonly kind: "act"; readonly act: Act };

export type Act = "theme" | "keys" | "namespace" | "you";

export interface Entry {
  readonly id: string;
  readonly word: string;
  readonly detail: string;
  readonly choice: Choice;
}

/**
 * Scores how well a word matches the typed text: all characters in order, the closer the better. Undefined without a
 * match.
 */
export function matchScore(candidate: string, typed: string): number | undefined {
  const text = candidate.toLowerCase();
  const search = typed.toLowerCase().trim();
  if (search === "") return 0;
  const position = text.indexOf(search);
  if (position >= 0) return (position === 0 ? 1_000 : 800) - position - text.length / 100;
  let at = -1;
  let gaps = 0;
  for (const character of search) {
    const next = text.indexOf(character, at + 1);
    if (next < 0) return undefined;
    gaps += next - at - 1;
    at = next;
  }
  return 400 - gaps - text.length / 100;
}

/** Returns the entries that fit, best first. Those given first win where they fit alike. */
export function offered(entries: readonly Entry[], typed: string, most = 12): readonly Entry[] {
  return entries
    .map((entry) => ({ entry, fits: matchScore(`${entry.word} ${entry.detail}`, typed) }))
    .filter((each): each is { entry: Entry; fits: number } => each.fits !== undefined)
    .sort((one, other) => other.fits - one.fits)
    .slice(0, most)
    .map(({ entry }) => entry);
}
