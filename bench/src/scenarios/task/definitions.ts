/** Definitions for the scenarios of the workflow engine, in the form that users write. Most return their input. */
import { stepsPerChain } from "../chains/chain.ts";
import { echoCapability } from "../chains/echo-agent.ts";

/** Each task gets the output of the previous one. */
const chain = [
  "workflow: chain",
  "tasks:",
  ...Array.from({ length: stepsPerChain }, (_, at) => {
    const input = at === 0 ? "input" : `tasks.step${at}.output`;
    return `  step${at + 1}: {uses: ${echoCapability}, with: "\${{ ${input} }}"}`;
  }),
  `output: "\${{ tasks.step${stepsPerChain}.output }}"`,
];

export const definitions: readonly string[] = [`${chain.join("\n")}\n`];

/** Waits for a signal. */
export const waiting = `
workflow: waiting
tasks: {go: {wait: {signal: go}}}
output: "\${{ input }}"
`;
