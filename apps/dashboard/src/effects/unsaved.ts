/**
 * Input that would be lost with its form.
 *
 * 1. A form has unsaved input from the first change until its submission has succeeded.
 * 2. Meanwhile single keys are not shortcuts, and leaving the page needs a confirmation.
 * 3. Searches and filters do not count: nothing of value is lost.
 */
const mark = "data-unsaved";
const passing = "[type=search], [type=range], .look-for *, .ask *";
/** Fields outside of forms are filters, except for texts that are edited. */
const editable = "form *, textarea";

/** Notes each change of a field. Returns how to stop. */
export function watchInput(): () => void {
  const listen = ({ target }: Event): void => {
    if (target instanceof Element && target.matches(editable) && !target.matches(passing))
      markUnsaved(target);
  };
  document.addEventListener("input", listen);
  return () => document.removeEventListener("input", listen);
}

/** For a change without a DOM event, such as an added entry. */
export function markUnsaved(changed: Element): void {
  (changed.closest("form") ?? changed).setAttribute(mark, "");
}

export function hasUnsaved(within: ParentNode = document): boolean {
  return within.querySelector(`[${mark}]`) !== null;
}

/** The input was submitted. */
export function forgetUnsaved(button: Element): void {
  const scope = button.closest("dialog, main") ?? document;
  for (const element of scope.querySelectorAll(`[${mark}]`)) element.removeAttribute(mark);
}

/** Asks for a confirmation if there is unsaved input. */
export function mayDiscard(within: ParentNode = document): boolean {
  return !hasUnsaved(within) || window.confirm("Discard unsaved input?");
}
