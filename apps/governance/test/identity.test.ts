import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CreateKeyRequest,
  IdentityLimit,
  IssueTokenRequest,
  identityService,
  ListKeysRequest,
  ListPrincipalsRequest,
  ListTokensRequest,
  NarrowTokenRequest,
  Principal,
  policyService,
  RedeemTokenRequest,
  Role,
  RoleBinding,
  RotateKeyRequest,
  Scope,
  TokenUse,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp, type TuttiError, toTimestamp } from "@tutti/kernel";
import { eventually } from "@tutti/kernel/testing";
import { KeyChecker, TokenChecker, unscoped } from "@tutti/policy";
import { bundleWhere } from "./bundle.fixture.ts";
import { as, codeOf, person, Serving } from "./serving.ts";

const namespace = "shop";
const reason = "";
const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const press = { kind: ActorKind.ACTOR_KIND_AGENT, id: "press" };
const bea = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bea" };
const onlyRuns = Scope.fromPartial({ actions: ["workflow.runs.*"] });
const hourMs = 3_600_000;

describe("identity", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(identityService, { service: "governance" });
  const principals = async (fields: Parameters<typeof ListPrincipalsRequest.fromPartial>[0]) => {
    const request = ListPrincipalsRequest.fromPartial({ namespace, ...fields });
    const { principals: found, page } = await client().listPrincipals(request);
    return { ids: found.map(({ actor }) => actor?.id), page };
  };
  const createKey = (fields: Parameters<typeof CreateKeyRequest.fromPartial>[0] = {}) =>
    client().createKey(
      CreateKeyRequest.fromPartial({ namespace, actor: ada, title: "of a test", ...fields }),
    );
  const issue = (fields: Parameters<typeof IssueTokenRequest.fromPartial>[0] = {}) =>
    client().issueToken(IssueTokenRequest.fromPartial({ namespace, actor: ada, ...fields }));
  /** Returns the identity of a token, as any service determines it. */
  const checked = async (secret: string) => {
    const checker = new TokenChecker({ issuer: "tutti" });
    checker.renew(await bundleWhere(serving, ({ tokenKeys }) => tokenKeys.length > 0));
    return checker.check(secret, Date.now());
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("principals are created once, found by kind, group and text, changed, and deleted", async () => {
    const desired = Principal.fromPartial({ actor: ada, displayName: "Ada L.", groups: ["night"] });
    const create = (principal: Principal) => client().createPrincipal({ namespace, principal });
    assert.equal((await create(desired)).existed, false);
    assert.equal((await create(desired)).existed, true);
    await assert.rejects(create({ ...desired, displayName: "Eve" }), codeOf("tenant.exists"));
    await create(Principal.fromPartial({ actor: press, agent: { pools: ["*"] } }));
    assert.deepEqual((await principals({})).ids, ["ada", "press"]);
    assert.deepEqual((await principals({ kinds: [press.kind] })).ids, ["press"]);
    assert.deepEqual((await principals({ group: "night" })).ids, ["ada"]);
    assert.deepEqual((await principals({ text: "l." })).ids, ["ada"]);
    const first = await principals({ page: { size: 1 } });
    assert.deepEqual([first.ids, first.page?.total], [["ada"], 2]);
    assert.deepEqual((await principals({ page: { size: 1, token: first.page?.nextToken ?? "" } })).ids, [
      "press",
    ]);
    const update = { fields: ["disabled"], revision: "" };
    const changed = { namespace, principal: { ...desired, disabled: true }, update, reason };
    const { principal } = await client().updatePrincipal(changed);
    assert.deepEqual([principal?.disabled, principal?.groups], [true, ["night"]]);
    const remove = () => client().deletePrincipal({ namespace, actor: press, reason });
    assert.deepEqual([(await remove()).removed, (await remove()).removed], [true, false]);
    await assert.rejects(client().getPrincipal({ namespace, actor: press }), codeOf("tenant.missing"));
  });

  it("a key is shown once, recognised by any service, rotated with an overlap, and revoked", async () => {
    const { key, secret } = await createKey({ scope: onlyRuns, idempotencyKey: "first" });
    assert.ok(key !== undefined && secret.startsWith(key.prefix.slice(0, -1)));
    const repeated = await createKey({ scope: onlyRuns, idempotencyKey: "first" });
    assert.deepEqual([repeated.key?.keyId, repeated.secret], [key.keyId, ""]);
    await assert.rejects(
      createKey({ scope: onlyRuns, title: "another", idempotencyKey: "first" }),
      codeOf("governance.repeated_otherwise"),
    );
    const { keys } = await bundleWhere(serving, (content) => content.keys.length > 0);
    const checker = new KeyChecker(keys, new Uint8Array(32));
    const known = await checker.check(secret, Date.now());
    assert.ok(known.kind === "known");
    assert.deepEqual(
      [known.verifier.actor?.id, known.verifier.scope, known.verifier.namespace],
      ["ada", onlyRuns, namespace],
    );

    const rotated = await client().rotateKey(
      RotateKeyRequest.fromPartial({ namespace, keyId: key.keyId, overlapMs: hourMs }),
    );
    assert.equal(rotated.oldKey?.successorKeyId, rotated.key?.keyId);
    const endMs = fromTimestamp(rotated.oldKey?.expireTime ?? assert.fail("the old key ends"));
    assert.ok(endMs > Date.now() && endMs <= Date.now() + hourMs);
    assert.ok(rotated.key?.expireTime === undefined && rotated.secret !== secret);
    assert.deepEqual(rotated.key?.scope, onlyRuns);
    const revoke = () => client().revokeKey({ namespace, keyId: key.keyId, reason });
    assert.deepEqual([(await revoke()).revoked, (await revoke()).revoked], [true, false]);
    const remaining = await bundleWhere(serving, (content) =>
      content.keys.every(({ keyId }) => keyId !== key.keyId),
    );
    assert.deepEqual(
      remaining.keys.map(({ keyId }) => keyId),
      [rotated.key?.keyId],
    );
    const listed = async (ended: boolean) => {
      const { keys: found } = await client().listKeys(ListKeysRequest.fromPartial({ namespace, ended }));
      return found.map(({ keyId }) => keyId);
    };
    assert.deepEqual(await listed(false), [rotated.key?.keyId]);
    assert.equal((await listed(true)).length, 2);
    await assert.rejects(
      client().rotateKey(RotateKeyRequest.fromPartial({ namespace, keyId: key.keyId })),
      codeOf("tenant.ended"),
    );
  });

  it("a key has the time of its last use", async () => {
    const { key } = await createKey({ title: "used" });
    const credentialId = key?.keyId ?? "";
    const uses = [{ credentialId, useTime: toTimestamp(Date.now()), address: "10.0.0.7" }];
    await client().recordUses({ namespace, uses, lockouts: [] });
    const { keys } = await client().listKeys(ListKeysRequest.fromPartial({ namespace }));
    const found = keys.find(({ keyId }) => keyId === credentialId);
    assert.equal(found?.useAddress, "10.0.0.7");
    assert.ok(found?.useTime !== undefined);
  });

  it("a caller without the right to change principals gets keys only for itself, within its own scope and lifetime", async () => {
    const policies = serving.host.mesh.client(policyService, { service: "governance" });
    const role = Role.fromPartial({ role: "maker", actions: ["governance.keys.create"] });
    await policies.setRole({ namespace, role, revision: "", reason });
    const subject = { $case: "actor" as const, value: bea };
    const binding = RoleBinding.fromPartial({ bindingId: "bea", role: "maker", subject });
    await policies.createRoleBinding({ namespace, binding });
    const scope = Scope.fromPartial({ actions: ["governance.keys.*"] });
    const { token } = await issue({ actor: bea, scope });
    const credential = { id: token?.tokenId ?? "", namespace, groups: [], scope };
    const options = as(serving, person("bea", credential));
    const createOwn = (fields: Parameters<typeof CreateKeyRequest.fromPartial>[0]) =>
      client().createKey(CreateKeyRequest.fromPartial({ namespace, title: "own", ...fields }), options);
    // Until the bundle with the binding arrives, nothing permits it.
    const { key } = await eventually(() => createOwn({}), codeOf("mesh.denied"));
    assert.deepEqual([key?.actor, key?.scope], [bea, scope]);
    assert.deepEqual(key?.expireTime, token?.expireTime);
    await assert.rejects(createOwn({ actor: press }), codeOf("governance.not_for_others"));
    await assert.rejects(createOwn({ scope: { actions: ["*"] } }), codeOf("governance.scope_wider"));
  });

  it("a token is checked by its signature alone, narrowed but never widened, and revoked with all tokens derived from it", async () => {
    const { token, secret } = await issue({ scope: onlyRuns, use: TokenUse.TOKEN_USE_AGENT });
    const found = await checked(secret);
    assert.ok(found.kind === "known");
    assert.deepEqual(
      [found.identity.actor, found.identity.scope, found.identity.namespace],
      [ada, onlyRuns, namespace],
    );
    const narrow = (actions: string[]) =>
      client().narrowToken(NarrowTokenRequest.fromPartial({ namespace, secret, scope: { actions } }));
    await assert.rejects(narrow(["swarm.*"]), codeOf("governance.scope_wider"));
    const narrower = await narrow(["workflow.runs.get"]);
    const child = await checked(narrower.secret);
    assert.ok(child.kind === "known" && found.identity.expireMs >= child.identity.expireMs);
    assert.equal(narrower.token?.parentTokenId, token?.tokenId);
    const which = { $case: "tokenId" as const, value: token?.tokenId ?? "" };
    assert.equal((await client().revokeTokens({ namespace, which, reason })).revoked, 2);
    const { revokedTokenIds } = await bundleWhere(serving, (content) => content.revokedTokenIds.length === 2);
    assert.ok(revokedTokenIds.includes(narrower.token?.tokenId ?? ""));
    await assert.rejects(narrow(["workflow.runs.get"]), codeOf("governance.token_refused"));
  });

  it("a one-time token is exchanged once, for its intended use", async () => {
    const { secret } = await issue({ use: TokenUse.TOKEN_USE_ONE_TIME });
    const redeem = (use: TokenUse, text = secret) =>
      client().redeemToken(RedeemTokenRequest.fromPartial({ namespace, secret: text, use }));
    await assert.rejects(redeem(TokenUse.TOKEN_USE_ONE_TIME), codeOf("governance.token_refused"));
    await assert.rejects(redeem(TokenUse.TOKEN_USE_CALLS, `${secret}x`), codeOf("governance.token_refused"));
    const exchanged = await redeem(TokenUse.TOKEN_USE_BROWSER);
    const found = await checked(exchanged.secret);
    assert.ok(found.kind === "known" && found.identity.use === TokenUse.TOKEN_USE_BROWSER);
    await assert.rejects(redeem(TokenUse.TOKEN_USE_BROWSER), codeOf("governance.token_refused"));
    const { tokens } = await client().listTokens(
      ListTokensRequest.fromPartial({ namespace, uses: [TokenUse.TOKEN_USE_BROWSER] }),
    );
    assert.deepEqual(
      tokens.map(({ tokenId }) => tokenId),
      [exchanged.token?.tokenId],
    );
  });

  it("a repeated call with the same idempotency key returns the token's description without the token", async () => {
    const first = await issue({ idempotencyKey: "once" });
    const second = await issue({ idempotencyKey: "once" });
    assert.deepEqual([second.token?.tokenId, second.secret], [first.token?.tokenId, ""]);
    await assert.rejects(
      issue({ idempotencyKey: "once", use: TokenUse.TOKEN_USE_AGENT }),
      codeOf("governance.repeated_otherwise"),
    );
  });

  it("a limit is set, listed after the default limit, and removed when it is set without amounts", async () => {
    const set = (fields: Parameters<typeof IdentityLimit.fromPartial>[0]) =>
      client().setIdentityLimit({
        namespace,
        limit: IdentityLimit.fromPartial(fields),
        revision: "",
        reason,
      });
    await set({ actor: ada, maxConcurrent: 5 });
    await set({ maxConcurrent: 3 });
    const listed = async () => {
      const { limits } = await client().listIdentityLimits({ namespace, page: undefined });
      return limits.map(({ actor, maxConcurrent }) => [actor?.id, maxConcurrent]);
    };
    assert.deepEqual(await listed(), [
      [undefined, 3],
      ["ada", 5],
    ]);
    await set({ actor: ada });
    assert.deepEqual(await listed(), [[undefined, 3]]);
  });

  it("a caller that requests its identity gets its roles, its credential, and the namespaces that it may read", async () => {
    const mine = await client().getMyself({ namespace });
    assert.deepEqual([mine.principal?.actor?.id, mine.roles], ["local-admin", ["admin"]]);
    assert.ok(mine.namespaces.includes("system"));
    const policies = serving.host.mesh.client(policyService, { service: "governance" });
    const subject = { $case: "group" as const, value: "day" };
    const binding = RoleBinding.fromPartial({ bindingId: "day", role: "viewer", subject });
    await policies.createRoleBinding({ namespace: "default", binding });
    const { token } = await issue({ actor: bea, scope: {} });
    const credential = { id: token?.tokenId ?? "", namespace: "", groups: ["day"], scope: unscoped };
    const options = as(serving, person("bea", credential));
    const getMyself = () => client().getMyself({ namespace: "default" }, options);
    const hers = await eventually(getMyself, codeOf("mesh.denied"));
    assert.deepEqual([hers.roles, hers.namespaces], [["viewer"], ["default"]]);
    assert.deepEqual(hers.principal?.groups, ["day"]);
  });

  it("stored and returned data contains no key or token", async () => {
    const { secret } = await createKey({ title: "searched for" });
    const issued = await issue({});
    const content = await bundleWhere(serving, ({ keys }) => keys.length > 0);
    const { keys } = await client().listKeys(ListKeysRequest.fromPartial({ namespace, ended: true }));
    const { tokens } = await client().listTokens(ListTokensRequest.fromPartial({ namespace }));
    const published = JSON.stringify([content, keys, tokens]);
    for (const part of [secret.slice(-30), issued.secret.slice(-30)]) assert.ok(!published.includes(part));
  });

  it("keys and tokens for unknown actions are refused, with the closest action or a list", async () => {
    const meant: readonly (readonly [string, RegExp])[] = [
      ["nope.*", /an action like nope\.\*; there are agent\.\*, blob\.\*, .*workflow\.\*/],
      ["workflow.something.*", /there are workflow\.approvals\.\*, .*workflow\.runs\.\*/],
      ["workflow.runz.*", /did you mean workflow\.runs\.\*\?/],
      ["runs.*", /did you mean workflow\.runs\.\*\?/],
      ["workflow.runs.sart", /did you mean workflow\.runs\.start\?/],
    ];
    const token = (await issue()).secret;
    for (const [action, message] of meant) {
      const scope = Scope.fromPartial({ actions: ["workflow.*", action] });
      const refusal = (error: TuttiError) => {
        assert.match(error.message, message);
        assert.equal(error.violations[0]?.field, "scope.actions[1]");
        return error.code === "tenant.invalid";
      };
      await assert.rejects(createKey({ scope }), refusal);
      await assert.rejects(issue({ scope }), refusal);
      await assert.rejects(
        client().narrowToken(NarrowTokenRequest.fromPartial({ namespace, secret: token, scope })),
        refusal,
      );
    }
    const everything = Scope.fromPartial({ actions: ["*", "workflow.runs.st*"] });
    assert.deepEqual((await createKey({ scope: everything })).key?.scope, everything);
  });
});
