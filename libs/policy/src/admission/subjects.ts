/** What rules see of what is no request: agents, plans and results, as documents. */
import type { Offering } from "@tutti/contracts/agent/v1";
import { ActorKind, Cause, type Payload } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";

export interface AgentAbout {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly offering: Offering | undefined;
  /** What it asks for by it: `agent.links.open`. */
  readonly action: string;
}

export interface PlanAbout {
  readonly namespace: string;
  readonly session: string;
  readonly part: number;
  readonly reason: string;
  /** 0 where it is not known. */
  readonly expectedEndMs: number;
  readonly tasks: readonly PlannedTask[];
}

interface PlannedTask {
  readonly id: string;
  /** Empty for what a child does. */
  readonly capability: string;
  /** Empty where any would do. */
  readonly agent: string;
  readonly startMs: number;
  readonly endMs: number;
  /** It starts now. */
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

/** Without `output` where that is no JSON, or so large that it stands elsewhere. */
export function resultDocument({ namespace: _, kind, id, output, ...about }: ResultAbout) {
  const read = outputIn(output);
  const shown: { output?: Json } = read === undefined ? {} : { output: read };
  return { ...about, work: { kind, id }, ...shown };
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
