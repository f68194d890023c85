/** Small definitions of children and runs. Their tasks are named after their capabilities. */
import { MissionSpec } from "@tutti/contracts/swarm/v1";

const uses = (id: string, more: object = {}) => ({
  id,
  work: { $case: "capability" as const, value: "a" },
  ...more,
});

/** Missions that tasks of missions and runs start. */
export const childMissions: Readonly<Record<string, MissionSpec>> = {
  pair: MissionSpec.fromPartial({ tasks: [uses("x"), uses("y", { needs: [{ task: "x" }] })], assignment: 3 }),
  spender: MissionSpec.fromPartial({
    tasks: [uses("x", { estimate: { tokens: 2 } }), uses("y", { estimate: { tokens: 2 } })],
    assignment: 1,
  }),
};

export const runs: Readonly<Record<string, string>> = {
  chain: `
workflow: chain
tasks:
  one: {uses: a}
  two: {uses: b, needs: [one], retry: {attempts: 3, backoff: 100ms}}
  three: {uses: c, needs: [two], priority: 5}
`,
  wide: `
workflow: wide
tasks:
  each: {forEach: "\${{ [1, 2, 3, 4, 5] }}", uses: a, limits: [{key: k0, concurrency: 2}], mayFail: true}
  after: {uses: b, needs: [each]}
`,
  mission: `
workflow: mission
tasks:
  plan: {mission: pair, retry: {attempts: 2, backoff: 1s}}
  after: {uses: a, needs: [{task: plan, on: always}], labels: {slow: "yes"}}
`,
  nested: `
workflow: nested
tasks:
  sub: {workflow: chain, mayFail: true}
  plan: {mission: spender, needs: [sub], mayFail: true}
`,
};

/** Runs with so many tasks that some wait for long. */
export const crowds: Readonly<Record<string, string>> = {
  many: `
workflow: many
tasks:
  each: {forEach: "\${{ [${Array.from({ length: 40 }, (_, index) => index).join(", ")}] }}", uses: a}
`,
};
