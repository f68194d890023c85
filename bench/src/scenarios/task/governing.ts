/** The checks of a governed installation: a key with a role, policies, and rules about starts. */
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  Enforcement,
  identityService,
  Policy,
  policyService,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { ServiceHost } from "@tutti/host";

/** Governance of an installation in a measurement. */
export type Governed = "not" | "by a key" | "by a key and rules" | "by a key, audited every second";

const namespace = "default";
const policies = 100;
const rules = 10;
const retryMs = 50;
/** For a machine on which other programs run too. */
const patient = { timeoutMs: 600_000 };

/**
 * Returns the flags: for no governance, for the defaults, or for an audit that reads new records every second.
 */
export function flagsOf(governed: Governed): readonly string[] {
  if (governed === "not") return ["--access.enforce=false"];
  return governed === "by a key, audited every second" ? ["--audit.checkpointEveryMs=1000"] : [];
}

/** Creates a key with the permissions to run workflows and do tasks. Resolves when the key is effective. */
export async function govern(host: ServiceHost, governed: Exclude<Governed, "not">): Promise<string> {
  const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bench" };
  const access = host.mesh.client(policyService);
  for (const role of ["developer", "agent"]) {
    const subject = { $case: "actor" as const, value: actor };
    const binding = RoleBinding.fromPartial({ bindingId: `bench-${role}`, role, subject });
    await access.createRoleBinding({ namespace, binding }, patient);
  }
  const set = Array.from({ length: policies }, (_, index) => policyOf(index));
  const change = { set, removedPolicyIds: [] };
  await access.applyPolicies({ namespace, change, version: 0, reason: "", idempotencyKey: "" }, patient);
  const admission = host.mesh.client(admissionService);
  for (let index = 0; governed === "by a key and rules" && index < rules; index++)
    await admission.setRule({ namespace, rule: ruleOf(index), revision: "", reason: "" }, patient);
  const request = { namespace, actor, title: "bench", scope: undefined, lifetimeMs: 0, idempotencyKey: "" };
  const { secret } = await host.mesh.client(identityService).createKey(request, patient);
  const url = `http://127.0.0.1:${host.operations.address?.port}/v1/runs`;
  for (;;) {
    const { ok } = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
    if (ok) return secret;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** Returns a policy about starts by another user. */
function policyOf(index: number): Policy {
  const text = `forbid(principal == Person::"user-${index}", action in Action::"workflow.*", resource);`;
  return Policy.fromPartial({
    policyId: `policy-${index}`,
    text,
    enforcement: Enforcement.ENFORCEMENT_ENFORCED,
  });
}

/** Returns a rule that is evaluated for every start, and permits it. */
function ruleOf(index: number): AdmissionRule {
  return AdmissionRule.fromPartial({
    ruleId: `rule-${index}`,
    subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST,
    condition: `!has(subject.run_id) || !subject.run_id.startsWith("forbidden-${index}")`,
    verdict: { $case: "deny", value: { message: "It is forbidden." } },
    enforcement: Enforcement.ENFORCEMENT_ENFORCED,
  });
}
