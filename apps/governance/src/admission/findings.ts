/**
 * Findings of rules: accepted from services, and read. Each batch is an event of the machine of its
 * namespace, and so a record of the audit: a finding has the id of that record.
 */
import type {
  admissionService,
  Finding,
  ListFindingsRequest,
  RecordFindingsReply,
  RecordFindingsRequest,
} from "@tutti/contracts/governance/v1";
import { spanOf, whenOwned } from "@tutti/host";
import { execute, orIfAbsent, query } from "@tutti/host/serving";
import { type CallContext, descending, fromTimestamp, type InstanceKey, pageOf } from "@tutti/kernel";
import { type Found, findingsKind, found, takeFindings } from "@tutti/machine-entities/findings";
import { atOwner, type Client } from "@tutti/mesh";
import { systemNamespace } from "@tutti/policy";
import { recordId } from "@tutti/policy/audit";
import type { TenantDependencies } from "../tenants/dependencies.ts";

export interface FindingDependencies extends TenantDependencies {
  /** Sends findings to the process that stores a namespace. */
  readonly admission: Pick<Client<typeof admissionService>, "recordFindings">;
}

export function findingsKey(namespace: string): InstanceKey {
  return { namespace, kind: findingsKind, id: namespace };
}

export async function* storeFindings(
  dependencies: FindingDependencies,
  requests: AsyncIterable<RecordFindingsRequest>,
  context: CallContext,
): AsyncGenerator<RecordFindingsReply, void> {
  for await (const { batch, findings, leftOut } of requests) {
    const byNamespace = Map.groupBy(findings, ({ namespace }) => namespace || systemNamespace);
    // It is unknown which namespaces the dropped events belonged to.
    if (leftOut > 0 && !byNamespace.has(systemNamespace)) byNamespace.set(systemNamespace, []);
    for (const [namespace, some] of byNamespace) {
      const omitted = namespace === systemNamespace ? leftOut : 0;
      await record(dependencies, namespace, { findings: some, leftOut: omitted }, context);
    }
    yield { batch };
  }
}

async function record(
  dependencies: FindingDependencies,
  namespace: string,
  body: { readonly findings: Finding[]; readonly leftOut: number },
  context: CallContext,
): Promise<void> {
  const call = { command: takeFindings, body, idempotencyKey: "" };
  await atOwner(
    async () => {
      await execute(dependencies, findingsKey(namespace), call, context);
    },
    async (owner) => {
      const request = async function* () {
        yield { batch: 1, ...body };
      };
      for await (const _ of dependencies.admission.recordFindings(request(), { context, owner })) return;
    },
  );
}

const nothing: Found = { findings: [], tallies: [], reports: [], leftOut: 0 };

/** Returns all stored findings of a namespace. */
export function foundIn(dependencies: TenantDependencies, context: CallContext): Promise<Found> {
  const call = { query: found, body: undefined };
  return orIfAbsent<Found>(query(dependencies, findingsKey(context.namespace), call, context), nothing);
}

export async function listFindings(
  dependencies: TenantDependencies,
  request: ListFindingsRequest,
  context: CallContext,
) {
  const { ruleId, results, severity, framework, found: span, page } = request;
  const { namespace } = context;
  const { from, to } = spanOf(span);
  const ofFramework = framework === "" ? undefined : await rulesOf(dependencies, framework, namespace);
  const all = ((await foundIn(dependencies, context)).findings as readonly Finding[])
    .filter(
      (finding) =>
        (ruleId === "" || finding.ruleId === ruleId) &&
        (results.length === 0 || results.includes(finding.result)) &&
        finding.severity >= severity &&
        (ofFramework === undefined || ofFramework.has(finding.ruleId)) &&
        timeOf(finding) >= from &&
        timeOf(finding) < to,
    )
    .map((finding) => ({ finding, place: placeOf(finding) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const list = ["findings", namespace, ruleId, results, severity, framework, span];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ place }) => place }, page);
  const findings = await withRecords(
    dependencies,
    items.map(({ finding }) => finding),
    context,
  );
  return { findings, page: { nextToken, total: all.length } };
}

async function rulesOf(
  dependencies: TenantDependencies,
  framework: string,
  namespace: string,
): Promise<ReadonlySet<string>> {
  const { content } = await dependencies.bundles.current();
  const of = content.rules.filter(
    (rule) =>
      (rule.namespace === namespace || rule.namespace === systemNamespace) &&
      rule.controls.some((control) => control.framework === framework),
  );
  return new Set(of.map(({ ruleId }) => ruleId));
}

/** Adds the ids of the audit records of the findings. */
export async function withRecords(
  dependencies: TenantDependencies,
  findings: readonly Finding[],
  context: CallContext,
): Promise<Finding[]> {
  const key = findingsKey(context.namespace);
  const { runtime } = dependencies;
  const events = [...new Set(findings.map(eventOf))];
  const records = await whenOwned(dependencies, key, context, async () => {
    const places = events.map(async (event) => {
      const [first] = await runtime.history(key, event - 1, 1);
      if (first === undefined) return [event, ""] as const;
      return [event, recordId(runtime.service, runtime.partitionOf(key), first.place)] as const;
    });
    return new Map(await Promise.all(places));
  });
  return findings.map((finding) => ({ ...finding, recordId: records.get(eventOf(finding)) ?? "" }));
}

/** Returns the number of the event of a finding, with which its name starts. */
function eventOf({ findingId }: Finding): number {
  return Number(findingId.slice(0, findingId.indexOf(".")));
}

export function timeOf({ findTime }: Finding): number {
  return findTime === undefined ? 0 : fromTimestamp(findTime);
}

/** Returns the sort key: the latest first. */
function placeOf(finding: Finding): string {
  return `${descending(timeOf(finding))} ${finding.findingId}`;
}
