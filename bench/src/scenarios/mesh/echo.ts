/** What is called in the scenario `mesh`: a small question to the registry, and frames of results as agents send them. */
import { AgentFrame, type agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import {
  type GetInstanceReply,
  type GetInstanceRequest,
  type Instance,
  registryService,
} from "@tutti/contracts/registry/v1";
import type { Handlers } from "@tutti/mesh";

const { getInstance } = registryService.methods;
/** The one question that is asked. Whatever else the registry can be asked does not matter here. */
export const questionContract = { ...registryService, methods: { getInstance } };

export const resultsPerFrame = 100;

export const request: GetInstanceRequest = { instanceId: "inst_bench_1" };
export const reply: GetInstanceReply = { instance: someInstance(1) };

const payload = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(89) }));

/** A frame with as many results as a busy link carries, each with 100 bytes of output. */
export const frame: AgentFrame = AgentFrame.fromPartial({
  results: Array.from({ length: resultsPerFrame }, (_, index) => ({
    token: new Uint8Array(16).fill(index),
    outcome: { $case: "inlineOutput", value: payload },
    runMs: 3,
  })),
});

export const acknowledgement: HostFrame = HostFrame.fromPartial({
  acknowledged: 1,
  resultsDurable: resultsPerFrame,
});

export const linkHandlers: Handlers<typeof agentLinkService> = {
  async *link(frames) {
    for await (const { results } of frames) {
      if (results.length > 0) yield acknowledgement;
    }
  },
};

export const questionHandlers: Handlers<typeof questionContract> = { getInstance: () => reply };

/** An instance as services register: a few capabilities with schemas, labels, health. */
function someInstance(number: number): Instance {
  const schema = JSON.stringify({ type: "object", properties: { amount: { type: "number" } } });
  const capability = (name: string) => ({
    name,
    version: "2.1.0",
    inputSchema: schema,
    outputSchema: schema,
    cost: { durationMs: 20, money: 0.01, tokens: 0 },
    description: "",
  });
  return {
    id: `inst_bench_${number}`,
    service: `service-${number % 20}`,
    address: "127.0.0.1:1",
    operationsAddress: "",
    version: "1.0.0",
    labels: { zone: `zone-${number % 3}` },
    offers: ["pay.charge", "pay.refund"].map((name) => ({
      namespace: "",
      capability: capability(name),
      providers: 0,
    })),
    health: undefined,
    load: undefined,
    host: undefined,
    registerTime: undefined,
    renewTime: undefined,
    revision: 0,
  };
}
