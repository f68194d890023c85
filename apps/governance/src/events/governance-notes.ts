/** The published events of tenants, secrets, decisions and findings, noted when they are decided. */
import type { GovernanceEventPayloads } from "@tutti/contracts/events/v1/governance";
import {
  type DecisionsTakenV1,
  FindingResult,
  type FindingsTakenV1,
  type KeyKeptV1,
  type KeyRevokedV1,
  type LockoutLiftedV1,
  type LockoutsNotedV1,
  type NamespaceKeptV1,
  type SecretEndedV1,
  type SecretStoredV1,
  type TenantPoliciesAppliedV1,
  type TokenKeptV1,
  type TokensRevokedV1,
  TokenUse,
} from "@tutti/contracts/governance/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import { headOf, type NoteHead, type NoteOf } from "@tutti/host/serving";
import type { Secrets } from "@tutti/machine-entities/secrets";
import type { Tenant } from "@tutti/machine-entities/tenant";
import type { Happening } from "@tutti/runtime";

type EventType = keyof GovernanceEventPayloads;

/** It must not refer to the state of the machine, which changes later. */
export interface GovernanceNote<T extends EventType = EventType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly resource: string;
  readonly body: Omit<GovernanceEventPayloads[T], "header">;
  /** Index among the notes of this type for one event of the machine, from 0. */
  readonly part: number;
}

/** Maximum of published events for one event of a machine. */
const eventsPerMachineEventMax = 100;

function noteOf<T extends EventType>(
  happening: Happening,
  type: T,
  resource: string,
  body: GovernanceNote<T>["body"],
  part = 0,
): GovernanceNote<T> {
  return { kind: "event", ...headOf(happening), type, resource, body, part };
}

export const tenantNotes: Readonly<Record<string, NoteOf<Tenant, never>>> = {
  namespace_kept: ({ namespace }, { resource }: NamespaceKeptV1, happening) => {
    const type = `tutti.governance.namespace.${namespace === undefined ? "created" : "changed"}` as const;
    return noteOf(happening, type, happening.key.id, { labels: { ...resource?.labels } });
  },
  namespace_removed: ({ namespace }, _body, happening) =>
    noteOf(happening, "tutti.governance.namespace.deleted", happening.key.id, {
      labels: { ...namespace?.value.labels },
    }),
  key_kept: (_tenant, { key, replacesKeyId }: KeyKeptV1, happening) => {
    if (key === undefined) return undefined;
    const { actor: holder, prefix, expireTime, keyId } = key;
    const type = `tutti.governance.key.${replacesKeyId === "" ? "issued" : "rotated"}` as const;
    return noteOf(happening, type, keyId, { holder, prefix, expireTime });
  },
  key_revoked: ({ keys }, { keyId }: KeyRevokedV1, happening) => {
    const { actor: holder, prefix = "" } = keys.get(keyId)?.key ?? {};
    return noteOf(happening, "tutti.governance.key.revoked", keyId, { holder, prefix });
  },
  // People and browsers sign in all day, without an event. The token of an agent is like a key.
  token_kept: (_tenant, { token }: TokenKeptV1, happening) =>
    token?.use === TokenUse.TOKEN_USE_AGENT
      ? noteOf(happening, "tutti.governance.key.issued", token.tokenId, {
          holder: token.actor,
          prefix: "",
          expireTime: token.expireTime,
        })
      : undefined,
  tokens_revoked: ({ tokens }, { tokenIds }: TokensRevokedV1, happening) =>
    tokenIds
      .map((id) => tokens.get(id)?.token)
      .filter((token) => token?.use === TokenUse.TOKEN_USE_AGENT)
      .slice(0, eventsPerMachineEventMax)
      .map((token, part) =>
        noteOf(
          happening,
          "tutti.governance.key.revoked",
          token?.tokenId ?? "",
          { holder: token?.actor, prefix: "" },
          part,
        ),
      ),
  lockouts_noted: (_tenant, { lockouts }: LockoutsNotedV1, happening) =>
    lockouts
      .slice(0, eventsPerMachineEventMax)
      .map(({ subject, endTime: until }, part) =>
        noteOf(
          happening,
          "tutti.governance.identity.locked",
          subject,
          { identity: undefined, source: subject, until },
          part,
        ),
      ),
  lockout_lifted: (_tenant, { subject }: LockoutLiftedV1, happening) =>
    noteOf(happening, "tutti.governance.identity.unlocked", subject, {
      identity: undefined,
      source: subject,
      until: undefined,
    }),
  policies_applied: (
    _tenant,
    { version, set, removedPolicyIds, likeVersion }: TenantPoliciesAppliedV1,
    happening,
  ) => {
    const type = `tutti.governance.policy.${likeVersion === 0 ? "published" : "rolled_back"}` as const;
    const changed = [...set.map(({ policyId }) => policyId), ...removedPolicyIds].slice(
      0,
      eventsPerMachineEventMax,
    );
    return noteOf(happening, type, happening.key.id, { version, changed });
  },
};

export const secretNotes: Readonly<Record<string, NoteOf<Secrets, never>>> = {
  secret_stored: ({ stored }, { secret }: SecretStoredV1, happening) => {
    const name = secret?.name ?? "";
    const type = `tutti.governance.secret.${stored.has(name) ? "rotated" : "created"}` as const;
    return noteOf(happening, type, name, { name });
  },
  // The end of a single version is no event: the secret still has a value.
  secret_ended: (_secrets, { name, versions }: SecretEndedV1, happening) =>
    versions.length === 0 ? noteOf(happening, "tutti.governance.secret.deleted", name, { name }) : undefined,
};

export const decisionNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  decisions_taken: (_book, { decisions }: DecisionsTakenV1, happening) =>
    decisions
      .filter(({ allowed }) => !allowed)
      .slice(0, eventsPerMachineEventMax)
      .map(({ question, policies: [policy], errors: [error], count }, part) => {
        const { actor, action = "", resourceKind = "", resourceId = "" } = question ?? {};
        const about = `${resourceKind}/${resourceId}`;
        const reason =
          error ?? (policy === undefined ? "no policy permits it" : `policy ${policy.policyId} forbids it`);
        const leftOut = Math.max(0, count - 1);
        return noteOf(
          happening,
          "tutti.governance.access.denied",
          resourceId || resourceKind || action,
          { actor, action, about, policy: policy?.policyId ?? "", reason, leftOut },
          part,
        );
      }),
};

export const findingNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  findings_taken: (_book, { findings }: FindingsTakenV1, happening) =>
    findings
      .slice(0, eventsPerMachineEventMax)
      .map(({ result, ruleId: rule, work, severity, message: reason }, part) => {
        const about = aboutOf(work);
        if (result === FindingResult.FINDING_RESULT_DENIED)
          return noteOf(
            happening,
            "tutti.governance.admission.refused",
            rule,
            { rule, about, reason, severity },
            part,
          );
        // The rule is not enforced, and does not stop the work.
        return result === FindingResult.FINDING_RESULT_NOTED
          ? noteOf(
              happening,
              "tutti.governance.compliance.violated",
              rule,
              { rule, framework: "", about, severity, reason },
              part,
            )
          : undefined;
      })
      .filter((note) => note !== undefined),
};

function aboutOf(work: WorkReference | undefined): string {
  return work === undefined ? "" : `${work.kind}/${work.id}`;
}
