import {
  AgentFrame,
  agentLinkService,
  agentPollService,
  ClaimTasksRequest,
  CompleteTasksRequest,
  RenewTasksRequest,
} from "@tutti/contracts/agent/v1";
import {
  agentService,
  DrainAgentRequest,
  dispatchService,
  GetAgentRequest,
  ListAgentsRequest,
  ListLinksRequest,
  OfferRequest,
  PauseAgentRequest,
  QuarantineAgentRequest,
  RelayRequest,
  ReleaseAgentRequest,
  RemoveAgentRequest,
  ResumeAgentRequest,
  SleepAgentRequest,
  TellLinksRequest,
  WakeAgentRequest,
  WatchAgentsRequest,
} from "@tutti/contracts/swarm/v1";
import { describeRefusals } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

const services = [swarm];
const long = "x".repeat(2_000);

describeRefusals({
  contract: agentLinkService,
  service: "swarm",
  services,
  table: {
    link: {
      malformed: AgentFrame.fromPartial({ hello: { versionMin: 1, versionMax: 1, incarnation: "-1" } }),
      field: "hello.incarnation",
      tooLarge: AgentFrame.fromPartial({ hello: { versionMin: 1, versionMax: 1, accessToken: long } }),
    },
  },
});

describeRefusals({
  contract: agentPollService,
  service: "swarm",
  services,
  table: {
    claimTasks: {
      malformed: ClaimTasksRequest.fromPartial({ agentId: "a b" }),
      field: "agent_id",
      tooLarge: ClaimTasksRequest.fromPartial({ agentId: "agent-1", offering: { description: long } }),
    },
    completeTasks: {
      malformed: CompleteTasksRequest.fromPartial({
        agentId: "agent-1",
        completions: [{ token: "short", outcome: { $case: "stopped", value: {} } }],
      }),
      field: "completions[0].token",
      tooLarge: CompleteTasksRequest.fromPartial({
        agentId: "agent-1",
        completions: [{ token: "0".repeat(32), outcome: { $case: "stopped", value: { message: long } } }],
      }),
    },
    renewTasks: {
      malformed: RenewTasksRequest.fromPartial({
        agentId: "agent-1",
        renewals: [{ token: "0".repeat(32), fraction: 2 }],
      }),
      field: "renewals[0].fraction",
      tooLarge: RenewTasksRequest.fromPartial({
        agentId: "agent-1",
        renewals: [{ token: "0".repeat(32), message: long }],
      }),
    },
  },
});

describeRefusals({
  contract: dispatchService,
  services,
  table: {
    offer: {
      malformed: OfferRequest.fromPartial({
        hello: { version: 1, instanceId: "-1", service: "workflow" },
      }),
      field: "hello.instance_id",
      tooLarge: OfferRequest.fromPartial({
        hello: { version: 1, instanceId: "inst_1", service: "workflow" },
        offers: [{ token: new Uint8Array(16), idempotencyKey: long }],
      }),
    },
    relay: {
      malformed: RelayRequest.fromPartial({ hello: { version: 1, instanceId: "-1" } }),
      field: "hello.instance_id",
      tooLarge: RelayRequest.fromPartial({
        hello: { version: 1, instanceId: "inst_1" },
        closed: [{ link: 1, reason: long }],
      }),
    },
    listLinks: {
      malformed: ListLinksRequest.fromPartial({ epoch: -1 }),
      field: "epoch",
      tooLarge: ListLinksRequest.fromPartial({ pool: "p".repeat(200), namespace: "n".repeat(2_000) }),
    },
    tellLinks: {
      malformed: TellLinksRequest.fromPartial({ ownedEpoch: -1 }),
      field: "owned_epoch",
      tooLarge: TellLinksRequest.fromPartial({ agents: [{ namespace: "n", pool: "p", agentId: long }] }),
    },
  },
});

/** What the rpcs that steer one agent have to refuse alike. */
const steering = <T>(make: (given: { agentId?: string; reason?: string }) => T) => ({
  malformed: make({ agentId: "" }),
  field: "agent_id",
  tooLarge: make({ agentId: "agent-1", reason: long }),
});

describeRefusals({
  contract: agentService,
  services,
  table: {
    listAgents: {
      malformed: ListAgentsRequest.fromPartial({ filter: { capability: "Not A Name" } }),
      field: "filter.capability",
      tooLarge: ListAgentsRequest.fromPartial({ filter: { text: "x".repeat(1_000) }, namespace: long }),
    },
    getAgent: {
      malformed: GetAgentRequest.fromPartial({ agentId: "a b" }),
      field: "agent_id",
      tooLarge: GetAgentRequest.fromPartial({ agentId: long }),
    },
    watchAgents: {
      malformed: WatchAgentsRequest.fromPartial({ filter: { versionRange: "two" } }),
      field: "filter.version_range",
      tooLarge: WatchAgentsRequest.fromPartial({ cursor: long }),
    },
    pauseAgent: steering((given) => PauseAgentRequest.fromPartial(given)),
    resumeAgent: steering((given) => ResumeAgentRequest.fromPartial(given)),
    quarantineAgent: steering((given) => QuarantineAgentRequest.fromPartial(given)),
    releaseAgent: steering((given) => ReleaseAgentRequest.fromPartial(given)),
    drainAgent: {
      malformed: DrainAgentRequest.fromPartial({ agentId: "agent-1", deadlineMs: -1 }),
      field: "deadline_ms",
      tooLarge: DrainAgentRequest.fromPartial({ agentId: "agent-1", reason: long }),
    },
    sleepAgent: {
      malformed: SleepAgentRequest.fromPartial({ agentId: "agent-1", forMs: -1 }),
      field: "for_ms",
      tooLarge: SleepAgentRequest.fromPartial({ agentId: "agent-1", reason: long }),
    },
    wakeAgent: steering((given) => WakeAgentRequest.fromPartial(given)),
    removeAgent: steering((given) => RemoveAgentRequest.fromPartial(given)),
  },
});
