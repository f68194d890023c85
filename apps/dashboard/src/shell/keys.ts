/** Keys of the whole page. They mean nothing while something is filled in, and nothing with a modifier. */

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** True if keys are text: because of the focus, or because a form has unsaved input. */
  readonly typing: boolean;
}

export type KeyAction =
  | { readonly kind: "palette" }
  | { readonly kind: "sheet" }
  | { readonly kind: "search" }
  | { readonly kind: "start" }
  | { readonly kind: "theme" }
  | { readonly kind: "go"; readonly key: string }
  | { readonly kind: "waits" }
  | { readonly kind: "nothing" };

const single: Readonly<Record<string, KeyAction>> = {
  "?": { kind: "sheet" },
  "/": { kind: "search" },
  n: { kind: "start" },
  t: { kind: "theme" },
  g: { kind: "waits" },
};

/** Returns the meaning of a key. `afterG`: `g` was pressed just before. */
export function actionOf(press: KeyPress, afterG: boolean): KeyAction {
  if ((press.ctrlKey || press.metaKey) && !press.altKey && press.key.toLowerCase() === "k")
    return { kind: "palette" };
  if (press.typing || press.ctrlKey || press.metaKey || press.altKey) return { kind: "nothing" };
  if (afterG && /^[a-z]$/.test(press.key)) return { kind: "go", key: press.key };
  return single[press.key] ?? { kind: "nothing" };
}

/** Returns whether keys are text where the focus is. */
export function isTyping(element: Element | null): boolean {
  if (element === null) return false;
  if (element instanceof HTMLInputElement)
    return !["checkbox", "radio", "range", "button"].includes(element.type);
  return element.matches("textarea, select, [contenteditable=true]");
}
