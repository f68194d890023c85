/** What is run in the scenarios of the workflow engine. */
import { stepsPerChain } from "../chains/chain.ts";
import { echoCapability } from "../chains/echo-agent.ts";

/** Each task gets what the one before gave. */
export const chainDefinition: string = [
  "workflow: chain",
  "tasks:",
  ...Array.from({ length: stepsPerChain }, (_, at) => {
    const input = at === 0 ? "input" : `tasks.step${at}.output`;
    return `  step${at + 1}: {uses: ${echoCapability}, with: "\${{ ${input} }}"}`;
  }),
  `output: "\${{ tasks.step${stepsPerChain}.output }}"`,
  "",
].join("\n");
