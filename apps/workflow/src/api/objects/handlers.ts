/** Keyed objects: listed, read, called. A call is a run of the object's workflow. */
import type { Payload } from "@tutti/contracts/types/v1";
import {
  type CallObjectRequest,
  type KeptObjectCall,
  type KeyedObject,
  type ListObjectsReply,
  type ListObjectsRequest,
  type ObjectCall,
  type objectService,
  RunSpec,
  type runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import { everything, type MachineDependencies, query, sizeOf } from "@tutti/host/serving";
import { type CallContext, type ReadOnly, toTimestamp } from "@tutti/kernel";
import { type ObjectFacts, objectErrors, objectFacts } from "@tutti/machine-object";
import { objectIdOf } from "@tutti/machine-work";
import type { Client, Handlers } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";

export interface ObjectDependencies extends MachineDependencies {
  readonly runs: Pick<Client<typeof runService>, "startRun" | "awaitRun">;
  /** Objects of other owners. */
  readonly objects: Pick<Client<typeof objectService>, "getObject">;
}

export function objectHandlers(dependencies: ObjectDependencies): Handlers<typeof objectService> {
  return {
    callObject: (request, context) => callObject(dependencies, request, context),
    getObject: async ({ name, key }, context) => ({
      object: await objectNamed(dependencies, name, key, context),
    }),
    listObjects: (request, context) => listObjects(dependencies, request, context),
  };
}

async function callObject(
  { runs }: ObjectDependencies,
  { name, key, call, input, runId, waitMs, idempotencyKey }: CallObjectRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const callInput = { key, call, ...(input !== undefined && { input: jsonOf(input, "input") }) };
  const definition = { name, version: undefined };
  const spec = RunSpec.fromPartial({ input: inline(Buffer.from(JSON.stringify(callInput))) });
  spec.what = { $case: "definition", value: definition };
  const start = StartRunRequest.fromPartial({ namespace, runId, spec, idempotencyKey });
  const { run } = await runs.startRun(start, { context });
  if (waitMs === 0 || run === undefined || run.endTime !== undefined) return { run };
  return await runs.awaitRun({ namespace, runId: run.runId, waitMs, afterEvent: 0 }, { context });
}

async function objectNamed(
  dependencies: ObjectDependencies,
  name: string,
  key: string,
  context: CallContext,
): Promise<KeyedObject> {
  const { namespace } = context;
  const instance = { namespace, kind: "object", id: objectIdOf(name, key) };
  try {
    const facts = await query(dependencies, instance, { query: objectFacts, body: undefined }, context);
    return objectOf(namespace, facts);
  } catch (error) {
    throw runtimeErrors.unknownInstance.is(error) ? objectErrors.missing({ name, key }) : error;
  }
}

/** Reads names and keys from the index, and the rest from the objects of the page. */
async function listObjects(
  dependencies: ObjectDependencies,
  { name, page }: ListObjectsRequest,
  context: CallContext,
): Promise<ListObjectsReply> {
  const { namespace } = context;
  const { entries, cursor } = await dependencies.archive.search({
    ...everything,
    namespace,
    kinds: ["object"],
    definition: name,
    limit: sizeOf(page),
    cursor: page?.token ?? "",
  });
  const found = await Promise.all(
    entries.map(async ({ definition, labels }) => {
      const query = { namespace, name: definition, key: labels["key"] ?? "" };
      // It may have been removed meanwhile.
      const { object } = await dependencies.objects.getObject(query, { context }).catch(orMissing);
      return object && { ...object, state: undefined, waiting: [], recent: [] };
    }),
  );
  return { objects: found.filter((object) => object !== undefined), page: { nextToken: cursor } };
}

function orMissing(error: unknown): { readonly object: undefined } {
  if (objectErrors.missing.is(error)) return { object: undefined };
  throw error;
}

function objectOf(namespace: string, facts: ObjectFacts): KeyedObject {
  const { name, key, createMs, changeMs, revision, state, current, waitingCount, endedCount } = facts;
  return {
    namespace,
    name,
    key,
    waitingCount,
    endedCount,
    state: inline(state),
    revision: String(revision),
    current: current && callOf(current),
    waiting: facts.waiting.map(callOf),
    recent: facts.recent.map(callOf),
    createTime: timeOf(createMs),
    updateTime: timeOf(changeMs),
  };
}

function callOf({ holder, call, callMs, startMs, endMs, status }: ReadOnly<KeptObjectCall>): ObjectCall {
  return {
    runId: holder?.id ?? "",
    call,
    status,
    callTime: timeOf(callMs),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
  };
}

const timeOf = (ms: number) => (ms === 0 ? undefined : toTimestamp(ms));

function inline(value: Uint8Array): Payload {
  return { body: { $case: "inline", value }, mediaType: "" };
}
