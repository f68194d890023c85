/** What is run in the scenarios of the workflow engine: definitions in the form that users write. Most give back their input. */
import { stepsPerChain } from "../chains/chain.ts";
import { echoCapability } from "../chains/echo-agent.ts";

/** Each task gets what the one before gave. */
const chain = [
  "workflow: chain",
  "tasks:",
  ...Array.from({ length: stepsPerChain }, (_, at) => {
    const input = at === 0 ? "input" : `tasks.step${at}.output`;
    return `  step${at + 1}: {uses: ${echoCapability}, with: "\${{ ${input} }}"}`;
  }),
  `output: "\${{ tasks.step${stepsPerChain}.output }}"`,
];

/** Waits until it is asked to go. */
const waiting = ["workflow: waiting", "tasks: {go: {wait: {signal: go}}}", 'output: "${{ input }}"'];

export const definitions: readonly string[] = [chain, waiting].map((lines) => `${lines.join("\n")}\n`);
