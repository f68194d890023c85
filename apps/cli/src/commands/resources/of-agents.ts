import { type SelectorWords, selectorText } from "@tutti/kernel";

/** Of which agents, where not of all. */
export function ofAgents(selector: SelectorWords | undefined): string {
  const text = selectorText(selector ?? {});
  return text === "" ? "" : ` of agents with ${text}`;
}
