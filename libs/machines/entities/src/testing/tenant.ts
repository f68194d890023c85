/** Random commands to a tenant: few names, so that they interact. */
import {
  AdmissionRule,
  AdmissionSubject,
  ApiKey,
  Enforcement,
  IdentityLimit,
  IssuedToken,
  KeepMode,
  Lockout,
  Namespace,
  Policy,
  Principal,
  Role,
  RoleBinding,
  TokenUse,
} from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

export function tenantKey(id: string): InstanceKey {
  return { namespace: id, kind: "tenant", id };
}

const few = <T>(...all: readonly T[]) => fc.constantFrom(...all);
const actor = few<Actor>(
  { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" },
  { kind: ActorKind.ACTOR_KIND_AGENT, id: "press" },
  { kind: ActorKind.ACTOR_KIND_PERSON, id: "" },
);
const precondition = {
  revision: few(0, 0, 1, 2, 5),
  mode: few(KeepMode.KEEP_MODE_UNSPECIFIED, KeepMode.KEEP_MODE_NEW, KeepMode.KEEP_MODE_PRESENT),
};
const labels = few({}, { team: "a", area: "b" });

const principal = fc
  .record({ actor, groups: few([], ["night", "day", "night"]), labels, disabled: few(false, true) })
  .map((fields) => Principal.fromPartial(fields));
const role = fc
  .record({ role: few("printer", "reader"), actions: few(["workflow.*"], ["swarm.agents.list"]) })
  .map((fields) => Role.fromPartial(fields));
const subject = fc.oneof(
  actor.map((value) => ({ $case: "actor" as const, value })),
  fc.constant({ $case: "group" as const, value: "night" }),
  fc.constant(undefined),
);
const binding = fc
  .record({ bindingId: few("one", "two"), role: few("printer", "reader"), subject })
  .map((fields) => RoleBinding.fromPartial(fields as Parameters<typeof RoleBinding.fromPartial>[0]));
const callerLimit = fc
  .record({ actor: fc.option(actor, { nil: undefined }), maxConcurrent: few(0, 5) })
  .map((fields) => IdentityLimit.fromPartial(fields as Parameters<typeof IdentityLimit.fromPartial>[0]));
const verdict = few(
  { $case: "deny" as const, value: { message: "no" } },
  { $case: "change" as const, value: { set: { b: "1", a: "2" } } },
  undefined,
);
const rule = fc
  .record({
    ruleId: few("first", "second"),
    subject: fc.constant(AdmissionSubject.ADMISSION_SUBJECT_REQUEST),
    verdict,
  })
  .map((fields) => AdmissionRule.fromPartial(fields as Parameters<typeof AdmissionRule.fromPartial>[0]));
const policyId = few("base", "night", "day");
const policy = fc
  .record({
    policyId,
    text: few("permit(principal, action, resource);", "forbid(principal, action, resource);"),
    labels,
  })
  .map((fields) => Policy.fromPartial({ ...fields, enforcement: Enforcement.ENFORCEMENT_ENFORCED }));

/** Times are drawn around the start of the driver's clock. */
const ending = few(1_000, 7_200_000, 90 * 86_400_000, 90 * 86_400_000);
const keyId = few("key1", "key2", "key3");
const tokenId = few("token1", "token2", "token3", "token4");
const optional = <T>(drawn: fc.Arbitrary<T>, nil: T) => fc.oneof(fc.constant(nil), drawn);

/** Operations for properties. A failing sequence is reduced. `startMs`: start of the driver's clock. */
export function operations(startMs: number, ids: readonly string[] = ["shop"]): fc.Arbitrary<MachineCall> {
  const key = few(...ids).map(tenantKey);
  const call = (weight: number, command: string, body: fc.Arbitrary<object>) => ({
    weight,
    arbitrary: fc.record({ key, command: fc.constant(command), body }),
  });
  const atEnd = ending.map((ms) => toTimestamp(startMs + ms));
  const apiKey = fc
    .record({ keyId, actor, title: few("till"), expireTime: fc.option(atEnd, { nil: undefined }) })
    .map((fields) => ApiKey.fromPartial(fields as Parameters<typeof ApiKey.fromPartial>[0]));
  const token = fc
    .record({ tokenId, actor, parentTokenId: optional(tokenId, ""), expireTime: atEnd })
    .map((fields) => IssuedToken.fromPartial({ ...fields, use: TokenUse.TOKEN_USE_CALLS }));
  const lockout = fc
    .record({ subject: few("10.0.0.1", "::1", ""), failures: few(1, 9), endTime: atEnd })
    .map((fields) => Lockout.fromPartial(fields));
  const use = fc.record({
    credentialId: fc.oneof(keyId, tokenId),
    useMs: ending.map((ms) => startMs + ms),
    address: few("::1"),
  });
  return fc.oneof(
    call(
      3,
      "keep_namespace",
      fc.record({
        resource: labels.map((given) => Namespace.fromPartial({ labels: given })),
        ...precondition,
      }),
    ),
    call(1, "remove_namespace", fc.constant({})),
    call(5, "keep_principal", fc.record({ principal, ...precondition })),
    call(4, "remove_principal", fc.record({ actor })),
    call(5, "keep_role", fc.record({ role, ...precondition })),
    call(2, "remove_role", fc.record({ role: few("printer", "reader") })),
    call(5, "keep_binding", fc.record({ binding, ...precondition })),
    call(2, "remove_binding", fc.record({ bindingId: few("one", "two") })),
    call(4, "keep_caller_limit", fc.record({ limit: callerLimit, ...precondition })),
    call(4, "remove_caller_limit", fc.record({ actor: fc.option(actor, { nil: undefined }) })),
    call(4, "keep_rule", fc.record({ rule, ...precondition })),
    call(3, "remove_rule", fc.record({ ruleId: few("first", "second") })),
    call(
      6,
      "apply_policies",
      fc.record({
        set: fc.array(policy, { maxLength: 2 }),
        removedPolicyIds: fc.array(policyId, { maxLength: 1 }),
        version: few(0, 0, 1, 3),
      }),
    ),
    call(3, "roll_back_policies", fc.record({ version: few(0, 1, 2, 5) })),
    call(
      5,
      "keep_key",
      fc.record({
        ...{ key: apiKey, hash: few("$scrypt$", ""), replacesKeyId: optional(keyId, "") },
        overlapUntilMs: ending.map((ms) => startMs + ms),
      }),
    ),
    call(3, "revoke_key", fc.record({ keyId })),
    call(6, "keep_token", fc.record({ token, redeemsTokenId: optional(tokenId, "") })),
    call(
      4,
      "revoke_tokens",
      fc.oneof(
        fc.record({ tokenId, actor: fc.constant(undefined) }),
        fc.record({ tokenId: fc.constant(""), actor: fc.option(actor, { nil: undefined }) }),
      ),
    ),
    call(3, "note_lockouts", fc.record({ lockouts: fc.array(lockout, { maxLength: 3 }) })),
    call(2, "lift_lockout", fc.record({ subject: few("10.0.0.1", "::1", "") })),
    call(3, "note_uses", fc.record({ uses: fc.array(use, { maxLength: 3 }) })),
  );
}
