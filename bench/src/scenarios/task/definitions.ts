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

export const fanWidth = 100;
const branches = Array.from({ length: fanWidth }, (_, at) => `branch${at + 1}`);

/** One task, a hundred that need it, and one that needs all of these. */
const fan = [
  "workflow: fan",
  "tasks:",
  `  split: {uses: ${echoCapability}, with: "\${{ input }}"}`,
  ...branches.map((name) => `  ${name}: {needs: [split], uses: ${echoCapability}, with: "\${{ input }}"}`),
  `  join: {needs: [${branches.join(", ")}], uses: ${echoCapability}, with: "\${{ input }}"}`,
  'output: "${{ tasks.join.output }}"',
];

export const listLength = 10_000;

/** One task for each item of a list. */
const list = [
  "workflow: list",
  "tasks:",
  `  each: {uses: ${echoCapability}, forEach: lists.range(${listLength}), with: "\${{ item }}"}`,
  'output: "${{ input }}"',
];

export const batchLength = 2_000;

/** As many short tasks as a coordinator that shells out is given. */
const batch = [
  "workflow: batch",
  "tasks:",
  `  each: {uses: ${echoCapability}, forEach: lists.range(${batchLength}), with: "\${{ item }}"}`,
  'output: "${{ input }}"',
];

/** Waits until it is told to go. */
const waiting = ["workflow: waiting", "tasks: {go: {wait: {signal: go}}}", 'output: "${{ input }}"'];

export const definitions: readonly string[] = [chain, fan, list, batch, waiting].map(
  (lines) => `${lines.join("\n")}\n`,
);
