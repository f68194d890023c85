/** Histories that every release must read: recorded once by `npm run golden`. */
import {
  AdmissionRule,
  AdmissionSubject,
  ApiKey,
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
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import {
  applyPolicies,
  binding,
  callerLimit,
  keepKey,
  keepNamespace,
  keepToken,
  liftLockout,
  noteLockouts,
  noteUses,
  principal,
  removeNamespace,
  revokeKey,
  revokeTokens,
  role,
  rollBackPolicies,
  rule,
  tenant,
} from "../../src/tenant/index.ts";
import { tenantKey } from "../../src/testing/tenant.ts";

const key = tenantKey("shop");
const overwrite = { revision: 0, mode: KeepMode.KEEP_MODE_UNSPECIFIED };
const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const press = { kind: ActorKind.ACTOR_KIND_AGENT, id: "press" };
const policy = (policyId: string, text: string) => Policy.fromPartial({ policyId, text });

/** Returns a tenant with every kind of item. */
function furnished(): MachineDriver {
  const driver = new MachineDriver({ machines: [tenant], service: "governance" });
  const at = (ms: number) => toTimestamp(driver.nowMs + ms);
  driver.execute(key, keepNamespace, {
    resource: Namespace.fromPartial({ labels: { area: "north" } }),
    ...overwrite,
  });
  for (const actor of [ada, press])
    driver.execute(key, principal.keep, {
      principal: Principal.fromPartial({ actor, groups: ["night"] }),
      ...overwrite,
    });
  driver.execute(key, role.keep, {
    role: Role.fromPartial({ role: "printer", actions: ["swarm.*"] }),
    ...overwrite,
  });
  driver.execute(key, binding.keep, {
    ...overwrite,
    binding: RoleBinding.fromPartial({
      bindingId: "ada-prints",
      role: "printer",
      subject: { $case: "actor", value: ada },
    }),
  });
  driver.execute(key, callerLimit.keep, {
    limit: IdentityLimit.fromPartial({ maxConcurrent: 9 }),
    ...overwrite,
  });
  driver.execute(key, rule.keep, {
    ...overwrite,
    rule: AdmissionRule.fromPartial({
      ruleId: "capped",
      subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST,
      condition: "subject.amount < 10",
      verdict: { $case: "deny", value: { message: "at most 10" } },
    }),
  });
  const first = policy("base", "permit(principal, action, resource);");
  driver.execute(key, applyPolicies, { set: [first], removedPolicyIds: [], version: 0 });
  driver.execute(key, applyPolicies, {
    set: [policy("night", "forbid(principal, action, resource);")],
    removedPolicyIds: ["base"],
    version: 1,
  });
  const apiKey = (keyId: string) =>
    ApiKey.fromPartial({ keyId, title: "till", actor: press, expireTime: at(86_400_000) });
  driver.execute(key, keepKey, {
    key: apiKey("one"),
    hash: "$scrypt$1",
    replacesKeyId: "",
    overlapUntilMs: 0,
  });
  driver.execute(key, keepKey, {
    key: apiKey("two"),
    hash: "$scrypt$2",
    replacesKeyId: "one",
    overlapUntilMs: driver.nowMs + 60_000,
  });
  const token = (tokenId: string, parentTokenId: string) =>
    IssuedToken.fromPartial({
      ...{ tokenId, parentTokenId, actor: ada, use: TokenUse.TOKEN_USE_CALLS },
      expireTime: at(7_200_000),
    });
  driver.execute(key, keepToken, { token: token("link", ""), redeemsTokenId: "" });
  driver.execute(key, keepToken, { token: token("cookie", ""), redeemsTokenId: "link" });
  driver.execute(key, keepToken, { token: token("narrow", "cookie"), redeemsTokenId: "" });
  driver.advance(120_000);
  driver.execute(key, noteUses, {
    uses: [{ credentialId: "two", useMs: driver.nowMs, address: "10.0.0.1" }],
  });
  return driver;
}

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  furnished: (release) => goldenOf(furnished(), tenant, key, release),

  /** Everything that can be ended or undone is. */
  ended: (release) => {
    const driver = furnished();
    driver.execute(key, rollBackPolicies, { version: 1 });
    driver.execute(key, revokeKey, { keyId: "two" });
    driver.execute(key, revokeTokens, { tokenId: "cookie", actor: undefined });
    driver.execute(key, principal.remove, { actor: ada });
    driver.execute(key, role.remove, { role: "printer" });
    driver.execute(key, binding.remove, { bindingId: "ada-prints" });
    driver.execute(key, callerLimit.remove, { actor: undefined });
    driver.execute(key, rule.remove, { ruleId: "capped" });
    driver.advance(4 * 3_600_000);
    return goldenOf(driver, tenant, key, release);
  },

  /** A rule is changed, removed, and set again. */
  revised: (release) => {
    const driver = furnished();
    const capped = (condition: string) =>
      AdmissionRule.fromPartial({
        ...{ ruleId: "capped", subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST, condition },
        verdict: { $case: "deny", value: { message: "too much" } },
      });
    driver.execute(key, rule.keep, { rule: capped("subject.amount < 9"), ...overwrite });
    driver.advance(1_000);
    driver.execute(key, rule.remove, { ruleId: "capped" });
    driver.execute(key, rule.keep, { rule: capped("subject.amount < 8"), ...overwrite });
    return goldenOf(driver, tenant, key, release);
  },

  /** Some guessed credentials, and one of them is unlocked. */
  guessed: (release) => {
    const driver = furnished();
    const startMs = driver.nowMs;
    const lockout = (subject: string, endMs: number) =>
      Lockout.fromPartial({
        subject,
        failures: 6,
        startTime: toTimestamp(startMs),
        endTime: toTimestamp(startMs + endMs),
      });
    driver.execute(key, noteLockouts, { lockouts: [lockout("::8", 1_000), lockout("10.0.0.9", 600_000)] });
    driver.execute(key, noteLockouts, { lockouts: [lockout("::9", 600_000)] });
    driver.execute(key, liftLockout, { subject: "::9" });
    driver.advance(2_000);
    driver.execute(key, noteLockouts, { lockouts: [lockout("10.0.0.9", 700_000)] });
    return goldenOf(driver, tenant, key, release);
  },

  /** It is removed, and created again. */
  anew: (release) => {
    const driver = furnished();
    driver.execute(key, removeNamespace, {});
    driver.execute(key, keepNamespace, { resource: Namespace.fromPartial({}), ...overwrite });
    return goldenOf(driver, tenant, key, release);
  },
};
