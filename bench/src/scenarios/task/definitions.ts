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

/** Waits for a signal. */
const waiting = ["workflow: waiting", "tasks: {go: {wait: {signal: go}}}", 'output: "${{ input }}"'];

export const definitions: readonly string[] = [chain, waiting].map((lines) => `${lines.join("\n")}\n`);
