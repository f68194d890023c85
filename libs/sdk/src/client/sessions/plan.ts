/** Hypothetical agents, to plan a session as if they were connected. */
import { PlanAgent } from "@tutti/contracts/intelligence/v1";
import { amounts, labels, number, type OptionNames, text, wholeNumber } from "../../options.ts";

export interface PlannedAgent {
  readonly id: string;
  /** Capabilities it offers. */
  readonly uses: readonly string[];
  /** Concurrent tasks. Default: 1. */
  readonly slots?: number;
  /** Speed relative to other agents. Default: 1. */
  readonly speed?: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Time until it is free. */
  readonly freeInMs?: number;
  /** Cost of a slot per millisecond. */
  readonly moneyPerMs?: number;
}

export const plannedAgentNames: OptionNames<PlannedAgent> = {
  id: text,
  uses: [text],
  slots: wholeNumber(0),
  speed: number(0),
  resources: amounts,
  labels,
  freeInMs: number(0),
  moneyPerMs: number(0),
};

/** Version of workers that set none. */
const usualVersion = "1.0.0";

export function planAgentOf({ id, uses, slots = 1, resources, labels, ...agent }: PlannedAgent): PlanAgent {
  return PlanAgent.fromPartial({
    ...agent,
    agentId: id,
    slots,
    capabilities: uses.map((name) => ({ name, version: usualVersion })),
    resources: { ...resources },
    labels: { ...labels },
  });
}
