/** Callers without rights at rpcs and routes: a sample over the wire in every test run, all of them nightly. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import { until } from "@tutti/kernel/testing";
import { routes } from "@tutti/rest";
import { codeOverHttp } from "./http-caller.ts";
import {
  KeyedPlatform,
  keyHeaders,
  routeRequests,
  unexpectedAnswers,
  wrongCredentials,
} from "./keyed-platform.ts";
import { failureOf, OutsideClient } from "./outside-client.ts";
import { hostOf, rpcs } from "./rpcs.ts";
import { makeFolder, start } from "./services.ts";

const { identityService, Scope, TokenUse } = governance;

/** The called operations, by name: `RunService.StartRun`, `runs.start`. */
interface CalledOperations {
  readonly rpcs: readonly string[];
  readonly routes: readonly string[];
}

export const everything: CalledOperations = {
  rpcs: rpcs.map(([name]) => name),
  routes: routes.map(({ name }) => name),
};

/**
 * Each kind of call once: with and without streams in each direction, keyed and unkeyed, per namespace and per
 * installation, of each service, and routes without an rpc.
 */
export const sample: CalledOperations = {
  rpcs: [
    ...["RunService.StartRun", "RunService.ListRuns", "RunService.WatchRuns", "TaskService.DecideApproval"],
    "AgentLinkService.Link",
    "BlobService.Put",
    "NamespaceService.CreateNamespace",
    "PolicyService.ApplyPolicies",
    ...["RegistryService.Register", "SessionService.ExecuteSession", "PoolService.CreatePool"],
    "RuntimeService.GetState",
  ],
  routes: [
    ...["runs.start", "runs.list", "runs.watch", "tasks.claim", "policies.apply", "blobs.get", "events"],
    ...["metrics.list", "status", "signInLink", "signIns.list", "signIns.revoke"],
  ],
};

const named = { "tutti-principal": "person/local-admin?admin" };
const denied = [status.PERMISSION_DENIED, status.UNIMPLEMENTED];
/** Statuses for an rpc that is not served, which rejects every caller. */
const unknown = [status.UNAUTHENTICATED, status.UNIMPLEMENTED];

export function describeAccess(title: string, request: CalledOperations): void {
  const requestedRpcs = rpcs.filter(([name]) => request.rpcs.includes(name));
  const remaining = new Set(routes.map(({ name }) => name).filter((name) => !request.routes.includes(name)));
  const routesOf = (http: string, headers: Readonly<Record<string, string>>, open: readonly string[] = []) =>
    routeRequests(http, headers, new Set([...remaining, ...open]));

  /** Asserts the decisions over gRPC, and over HTTP at the gateway. Both must be the same. */
  const assertCodes = async (
    { outside, http }: { readonly outside: OutsideClient; readonly http: string },
    credentials: Readonly<Record<string, string>>,
    expected: (action: string) => readonly status[],
  ) => {
    for (const [name, rpc] of requestedRpcs) {
      const headers = { ...credentials, "tutti-service": hostOf(rpc.path) };
      const call = outside.send(rpc.path, new Uint8Array(), { headers });
      const code = await call.then(
        () => status.OK,
        () => failureOf(call).then((failure) => failure.code),
      );
      assert.ok(expected(rpc.action).includes(code), `${name}: ${status[code]}`);
      const overHttp = await codeOverHttp(http, rpc, headers);
      // At the gateway's port, credentials without the form of a key or token lead to a lock-out.
      const isLocked = overHttp === status.RESOURCE_EXHAUSTED && code === status.UNAUTHENTICATED;
      assert.ok(
        isLocked || expected(rpc.action).includes(overHttp),
        `${name} over HTTP: ${status[overHttp]}`,
      );
    }
  };

  describe(`the platform with keys, at ${title}`, () => {
    let platform: KeyedPlatform;

    before(async () => {
      platform = await KeyedPlatform.start();
    });
    after(() => platform?.[Symbol.asyncDispose]());

    it("has them all", () => {
      assert.equal(requestedRpcs.length, request.rpcs.length);
      assert.equal(routes.length - remaining.size, request.routes.length);
    });

    for (const [wrong, createCredential] of Object.entries(wrongCredentials))
      it(`refuses ${wrong}, with the name of an administrator besides`, async () => {
        const wrongHeaders = keyHeaders(await createCredential(platform));
        // Credentials without the form of a key or token lead to a lock-out.
        const refused = wrong === "something else" ? [401, 429] : [401];
        assert.deepEqual(await unexpectedAnswers(routesOf(platform.http, wrongHeaders), refused), []);
        await assertCodes(platform, { ...wrongHeaders, ...named }, () => unknown);
      });

    it("refuses the administrator of another tenant, by key and by token", async () => {
      const token = await platform.issued("bob", TokenUse.TOKEN_USE_CALLS, "b");
      for (const secret of [platform.keys.other, token]) {
        const headers = { ...keyHeaders(secret), "tutti-namespace": "default" };
        await assertCodes(platform, headers, () => denied);
      }
    });

    it("permits a token that was narrowed from an administrator's token only its scope", async () => {
      await platform.bind("ann", "admin", "default");
      const wide = await platform.issued("ann", TokenUse.TOKEN_USE_CALLS);
      await until(
        "her role to be known",
        async () => (await platform.rest("/v1/sessions", wide)).status === 200,
      );
      const { secret } = await platform.outside.call(identityService.methods.narrowToken, {
        ...governance.NarrowTokenRequest.fromPartial({ namespace: "default", secret: wide }),
        scope: Scope.fromPartial({ actions: ["workflow.runs.list"] }),
      });
      // A permitted call may still reject an empty request.
      await assertCodes(platform, keyHeaders(secret), (action) =>
        action === "workflow.runs.list" ? [status.OK, status.INVALID_ARGUMENT] : denied,
      );
      // Routes about the caller itself are open to every caller.
      const open = ["runs.list", "whoami", "myself", "signOut", "missingRights"];
      const others = routesOf(platform.http, keyHeaders(secret), open);
      assert.deepEqual(await unexpectedAnswers(others, [400, 403, 404, 501]), []);
    });

    it("permits nothing to a caller without a role, in any namespace", async () => {
      for (const namespace of ["default", "b"]) {
        const headers = { ...keyHeaders(platform.keys.nobody), ...named, "tutti-namespace": namespace };
        await assertCodes(platform, headers, () => denied);
      }
      const open = ["whoami", "signOut", "missingRights"];
      const others = routesOf(platform.http, keyHeaders(platform.keys.nobody), open);
      assert.deepEqual(await unexpectedAnswers(others, [400, 403, 404, 501]), []);
    });
  });

  describe(`the platform at an address that others reach, at ${title}`, () => {
    it("refuses a caller without credentials, for every principal that the call names", async () => {
      await using folder = await makeFolder();
      const key = join(folder.path, "key");
      await writeFile(key, "5c3e".repeat(16));
      await using platform = await start("platform", [
        `--platform.dataDirectory=${join(folder.path, "data")}`,
        ...["--mesh.listen=0.0.0.0:0", "--mesh.allowUnprotected=true", "--operations.host=0.0.0.0"],
        ...[`--gateway.key=file:${key}`, `--operations.key=file:${key}`],
      ]);
      using outside = new OutsideClient(platform.grpc);
      await assertCodes({ outside, http: platform.http }, named, () => unknown);
      assert.deepEqual(await unexpectedAnswers(routesOf(platform.http, named), [401]), []);
    });
  });
}
