/**
 * Input that would be lost with its form.
 *
 * 1. A form has unsaved input from the first change in it until what it is for has succeeded.
 * 2. While there is some, single keys are no shortcuts, and leaving asks first.
 * 3. Searching and filtering lose nothing that matters.
 */
const mark = "data-unsaved";
const passing = "[type=search], [type=range], .look-for *, .ask *";
/** Fields outside of forms choose what is shown, but for texts that are edited. */
const kept = "form *, textarea";

/** Notes each change of a field. Returns how to stop. */
export function watchInput(): () => void {
  const listen = ({ target }: Event): void => {
    if (target instanceof Element && target.matches(kept) && !target.matches(passing)) markUnsaved(target);
  };
  document.addEventListener("input", listen);
  return () => document.removeEventListener("input", listen);
}

/** For a change without an event of its own, such as an entry that is added. */
export function markUnsaved(changed: Element): void {
  (changed.closest("form") ?? changed).setAttribute(mark, "");
}

export function hasUnsaved(within: ParentNode = document): boolean {
  return within.querySelector(`[${mark}]`) !== null;
}

/** What was filled in has been sent. */
export function forgetUnsaved(button: Element): void {
  const scope = button.closest("dialog, main") ?? document;
  for (const element of scope.querySelectorAll(`[${mark}]`)) element.removeAttribute(mark);
}

/** Asks if there is something to lose. */
export function mayDiscard(within: ParentNode = document): boolean {
  return !hasUnsaved(within) || window.confirm("Discard unsaved input?");
}
