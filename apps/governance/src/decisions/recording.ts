/** Records the decisions of services. A batch is confirmed when it is durable at its owners. */
import type {
  Decision,
  policyService,
  RecordDecisionsReply,
  RecordDecisionsRequest,
} from "@tutti/contracts/governance/v1";
import { execute, type MachineDependencies, orIfAbsent, query } from "@tutti/host/serving";
import { type CallContext, descending, fromTimestamp, type InstanceKey } from "@tutti/kernel";
import { decisionsKind, recorded, takeDecisions } from "@tutti/machine-entities/decisions";
import { atOwner, type Client } from "@tutti/mesh";
import { systemNamespace } from "@tutti/policy";

export interface DecisionDependencies extends MachineDependencies {
  /** Sends decisions to the process that stores a namespace. */
  readonly policies: Pick<Client<typeof policyService>, "recordDecisions">;
}

function keyOf(namespace: string): InstanceKey {
  return { namespace, kind: decisionsKind, id: namespace };
}

export async function* storeDecisions(
  dependencies: DecisionDependencies,
  requests: AsyncIterable<RecordDecisionsRequest>,
  context: CallContext,
): AsyncGenerator<RecordDecisionsReply, void> {
  for await (const { batch, decisions, leftOut } of requests) {
    const byNamespace = Map.groupBy(decisions, ({ question }) => question?.inNamespace || systemNamespace);
    // It is unknown which namespaces the dropped events belonged to.
    if (leftOut > 0 && !byNamespace.has(systemNamespace)) byNamespace.set(systemNamespace, []);
    for (const [namespace, some] of byNamespace) {
      const omitted = namespace === systemNamespace ? leftOut : 0;
      await record(dependencies, namespace, { decisions: some, leftOut: omitted }, context);
    }
    yield { batch };
  }
}

interface Batch {
  readonly decisions: Decision[];
  readonly leftOut: number;
}

async function record(
  dependencies: DecisionDependencies,
  namespace: string,
  body: Batch,
  context: CallContext,
): Promise<void> {
  const call = { command: takeDecisions, body, idempotencyKey: "" };
  await atOwner(
    async () => {
      await execute(dependencies, keyOf(namespace), call, context);
    },
    async (owner) => {
      const request = async function* () {
        yield { batch: 1, ...body };
      };
      for await (const _ of dependencies.policies.recordDecisions(request(), { context, owner })) return;
    },
  );
}

/** Returns decisions, the latest first, each with its work. */
export async function recordedIn(
  dependencies: MachineDependencies,
  context: CallContext,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly Decision[]> {
  const empty = { decisions: [], leftOut: 0 };
  const call = { query: recorded, body: undefined };
  const found = await orIfAbsent(query(dependencies, keyOf(context.namespace), call, context), empty);
  return (found.decisions as readonly Decision[])
    .filter(({ decideTime }) => {
      const timeMs = decideTime === undefined ? 0 : fromTimestamp(decideTime);
      return timeMs >= fromMs && timeMs < toMs;
    })
    .map((decision) => ({ ...decision, work: workOf(decision, context.namespace) }))
    .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

/** Returns the sort key: the latest first. */
export function placeOf({ decideTime, decisionId }: Decision): string {
  const timeMs = decideTime === undefined ? 0 : fromTimestamp(decideTime);
  return `${descending(timeMs)} ${decisionId}`;
}

const works: ReadonlySet<string> = new Set(["run", "mission", "session"]);

function workOf({ work, question }: Decision, namespace: string): Decision["work"] {
  const { resourceKind = "", resourceId = "" } = question ?? {};
  if (work !== undefined || resourceId === "" || !works.has(resourceKind)) return work;
  return { namespace, kind: resourceKind, id: resourceId, task: "" };
}
