import type { AgentFrame } from "@tutti/contracts/agent/v1";

/** An empty frame of an agent, to be filled by its representative. */
export const emptyAgentFrame: Readonly<AgentFrame> = {
  sequence: 0,
  acknowledged: 0,
  started: [],
  progress: [],
  partialOutputs: [],
  results: [],
  credit: 0,
  hello: undefined,
  heartbeat: undefined,
  offering: undefined,
  drain: undefined,
  sleep: undefined,
  wake: undefined,
  bye: undefined,
};
