/** Rotations and escalation policies: set, listed, deleted. Lists people who are on call. */
import {
  type DeleteEscalationPolicyRequest,
  type DeleteRotationRequest,
  EscalationPolicy,
  type KeptEscalationPolicy,
  type KeptRotation,
  type ListEscalationPoliciesReply,
  type ListEscalationPoliciesRequest,
  type ListOnCallReply,
  type ListOnCallRequest,
  type ListRotationsReply,
  type ListRotationsRequest,
  type OnCall,
  Rotation,
  type SetEscalationPolicyRequest,
  type SetRotationRequest,
} from "@tutti/contracts/insight/v1";
import type { FieldViolation } from "@tutti/contracts/rpc";
import { execute } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, pageOf, type ReadOnly, toTimestamp } from "@tutti/kernel";
import {
  keepPolicy,
  keepRotation,
  removePolicy,
  removeRotation,
  type Shift,
  shiftsFrom,
} from "@tutti/machine-alert";
import { insightErrors } from "../../errors.ts";
import { keyOf } from "../key.ts";
import {
  type AlertDependencies,
  namespaceOf,
  revisionIn,
  snapshotOf,
  unknownReceivers,
} from "./dependencies.ts";

/** The current shift and the next one. */
const shiftsByDefault = 2;

export async function setRotation(
  dependencies: AlertDependencies,
  { rotation = Rotation.create(), revision, reason, ...request }: SetRotationRequest,
  context: CallContext,
) {
  const { receivers } = dependencies;
  requireKnown([
    ...rotation.members.flatMap((member, at) =>
      unknownReceivers(receivers, member.receivers, `rotation.members[${at}].receivers`),
    ),
    ...rotation.overrides.flatMap((override, at) =>
      unknownReceivers(receivers, override.receivers, `rotation.overrides[${at}].receivers`),
    ),
  ]);
  const namespace = namespaceOf(request, context);
  const call = { command: keepRotation, body: { rotation, revision: revisionIn(revision) }, reason };
  await execute(dependencies, keyOf(namespace), call, context);
  const { rotations } = await snapshotOf(dependencies, namespace, context);
  const stored = rotations.find((each) => each.rotation?.rotationId === rotation.rotationId);
  return { rotation: stored && rotationMessage(namespace, stored) };
}

export async function listRotations(
  dependencies: AlertDependencies,
  { page, ...request }: ListRotationsRequest,
  context: CallContext,
): Promise<ListRotationsReply> {
  const namespace = namespaceOf(request, context);
  const { rotations } = await snapshotOf(dependencies, namespace, context);
  const sorted = byId(
    rotations.map((stored) => rotationMessage(namespace, stored)),
    ({ rotationId }) => rotationId,
  );
  const list = { list: ["rotations", namespace], keyOf: ({ rotationId }: Rotation) => rotationId };
  const { items, nextToken } = pageOf(sorted, list, page);
  return { rotations: items, page: { nextToken, total: sorted.length } };
}

export function deleteRotation(
  dependencies: AlertDependencies,
  { rotationId, reason, ...request }: DeleteRotationRequest,
  context: CallContext,
) {
  const key = keyOf(namespaceOf(request, context));
  return execute(dependencies, key, { command: removeRotation, body: { rotationId }, reason }, context);
}

export async function setPolicy(
  dependencies: AlertDependencies,
  { policy = EscalationPolicy.create(), revision, reason, ...request }: SetEscalationPolicyRequest,
  context: CallContext,
) {
  requireKnown(
    policy.steps.flatMap(({ receivers }, at) =>
      unknownReceivers(dependencies.receivers, receivers, `policy.steps[${at}].receivers`),
    ),
  );
  const namespace = namespaceOf(request, context);
  const call = { command: keepPolicy, body: { policy, revision: revisionIn(revision) }, reason };
  await execute(dependencies, keyOf(namespace), call, context);
  const { policies } = await snapshotOf(dependencies, namespace, context);
  const stored = policies.find((each) => each.policy?.policyId === policy.policyId);
  return { policy: stored && policyMessage(namespace, stored) };
}

export async function listPolicies(
  dependencies: AlertDependencies,
  { page, ...request }: ListEscalationPoliciesRequest,
  context: CallContext,
): Promise<ListEscalationPoliciesReply> {
  const namespace = namespaceOf(request, context);
  const { policies } = await snapshotOf(dependencies, namespace, context);
  const sorted = byId(
    policies.map((stored) => policyMessage(namespace, stored)),
    ({ policyId }) => policyId,
  );
  const list = { list: ["policies", namespace], keyOf: ({ policyId }: EscalationPolicy) => policyId };
  const { items, nextToken } = pageOf(sorted, list, page);
  return { policies: items, page: { nextToken, total: sorted.length } };
}

export function deletePolicy(
  dependencies: AlertDependencies,
  { policyId, reason, ...request }: DeleteEscalationPolicyRequest,
  context: CallContext,
) {
  const key = keyOf(namespaceOf(request, context));
  return execute(dependencies, key, { command: removePolicy, body: { policyId }, reason }, context);
}

export async function listOnCall(
  dependencies: AlertDependencies,
  { rotationId: requestedId, time, shifts, page, ...request }: ListOnCallRequest,
  context: CallContext,
): Promise<ListOnCallReply> {
  const namespace = namespaceOf(request, context);
  const { rotations } = await snapshotOf(dependencies, namespace, context);
  const atMs = time === undefined ? dependencies.foundation.clock.now() : fromTimestamp(time);
  const found = byId(
    rotations.flatMap(({ rotation }) =>
      rotation !== undefined && (requestedId === "" || rotation.rotationId === requestedId) ? [rotation] : [],
    ),
    ({ rotationId }) => rotationId,
  );
  const list = {
    list: ["on-call", namespace, requestedId],
    keyOf: ({ rotationId }: ReadOnly<Rotation>) => rotationId,
  };
  const { items, nextToken } = pageOf(found, list, page);
  const onCall = items.map((rotation): OnCall => {
    const { rotationId, title, timeZone } = rotation;
    const upcoming = shiftsFrom(rotation, atMs, shifts === 0 ? shiftsByDefault : shifts);
    return { rotationId, title, timeZone: timeZone || "UTC", shifts: upcoming.map(shiftMessage) };
  });
  return { rotations: onCall, page: { nextToken, total: found.length } };
}

function shiftMessage({ member, receivers, fromMs, toMs, isOverridden }: Shift): OnCall["shifts"][number] {
  const times = { startTime: toTimestamp(fromMs), endTime: toTimestamp(toMs) };
  return { member, receivers: [...receivers], ...times, overridden: isOverridden };
}

function rotationMessage(namespace: string, { rotation, revision }: ReadOnly<KeptRotation>): Rotation {
  // The cast: only read.
  return { ...(rotation as Rotation), namespace, revision: String(revision) };
}

function policyMessage(
  namespace: string,
  { policy, revision }: ReadOnly<KeptEscalationPolicy>,
): EscalationPolicy {
  // The cast: only read.
  return { ...(policy as EscalationPolicy), namespace, revision: String(revision) };
}

function byId<T>(entries: readonly T[], idOf: (entry: T) => string): T[] {
  return entries.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
}

function requireKnown(violations: readonly FieldViolation[]): void {
  const [first] = violations;
  if (first === undefined) return;
  throw insightErrors.onCallInvalid({ problem: `${first.field}: ${first.message}` }, { violations });
}
