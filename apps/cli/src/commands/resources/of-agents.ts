import { type SelectorInput, selectorText } from "@tutti/kernel";

/** Returns the selected agents in words. Empty if all are selected. */
export function ofAgents(selector: SelectorInput | undefined): string {
  const text = selectorText(selector ?? {});
  return text === "" ? "" : ` of agents with ${text}`;
}
