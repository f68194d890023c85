/** The documents of subjects that are no requests: agents, plans and results. */
import type { Offering } from "@tutti/contracts/agent/v1";
import { ActorKind, Cause, type Payload } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";

export interface AgentAbout {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly offering: Offering | undefined;
  /** The action of the offering: `agent.links.open`. */
  readonly action: string;
}

export interface PlanAbout {
  readonly namespace: string;
  readonly session: string;
  readonly part: number;
  readonly reason: string;
  /** 0 if unknown. */
  readonly expectedEndMs: number;
  readonly tasks: readonly PlannedTask[];
}

interface PlannedTask {
  readonly id: string;
  /** Empty for a child. */
  readonly capability: string;
  /** Empty for any agent. */
  readonly agent: string;
  readonly startMs: number;
  readonly endMs: number;
  /** True if it starts now. */
  readonly begins: boolean;
}

export interface ResultAbout {
  readonly namespace: string;
  /** Kind and id of the work: `run`, `mission`. */
  readonly kind: string;
  readonly id: string;
  readonly task: string;
  readonly attempt: number;
  readonly definition: string;
  readonly capability: string;
  readonly pool: string;
  readonly agent: string;
  readonly output: Uint8Array | Payload | undefined;
}

export function agentDocument({ namespace: _, action: __, offering, ...about }: AgentAbout): Json {
  const { capabilities = [], labels = {}, slots = 1, resources = {}, description = "" } = offering ?? {};
  return {
    ...about,
    capabilities: capabilities.map(({ name, version }) => ({ name, version })),
    labels: { ...labels } as Json,
    slots: slots || 1,
    resources: { ...resources } as Json,
    description,
  };
}

export function planDocument({ namespace: _, tasks, ...about }: PlanAbout): Json {
  return { ...about, tasks: tasks.map((task) => ({ ...task })) };
}

/** Returns the document of a result. Without `output` if that is no JSON or is too large to be inline. */
export function resultDocument({ namespace: _, kind, id, output, ...about }: ResultAbout) {
  const read = outputIn(output);
  const outputPart: { output?: Json } = read === undefined ? {} : { output: read };
  return { ...about, work: { kind, id }, ...outputPart };
}

export function resultActor(agent: string): Cause {
  const actor = { kind: ActorKind.ACTOR_KIND_AGENT, id: agent };
  return agent === "" ? Cause.create() : Cause.fromPartial({ actor });
}

function outputIn(output: ResultAbout["output"]): Json | undefined {
  if (output === undefined) return null;
  if (output instanceof Uint8Array) return parsed(output);
  const { body, mediaType } = output;
  if (body === undefined) return null;
  const isJson = mediaType === "" || mediaType === "application/json";
  return body.$case === "inline" && isJson ? parsed(body.value) : undefined;
}

function parsed(bytes: Uint8Array): Json | undefined {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Json;
  } catch {
    return undefined;
  }
}
