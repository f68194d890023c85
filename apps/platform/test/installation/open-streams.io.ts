/** Open streams when their credential or right ends: a link by each transport, and a watch. Other streams continue. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import {
  CreateKeyRequest,
  IssueTokenRequest,
  identityService,
  policyService,
  RevokeTokensRequest,
  RoleBinding,
  Scope,
} from "@tutti/contracts/governance/v1";
import { agentService, WatchAgentsRequest } from "@tutti/contracts/swarm/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { errorFromUnknown } from "@tutti/kernel";
import { MemoryOwnership, Mesh } from "@tutti/mesh";
import { Installation } from "./installation.ts";

const namespace = "default";
const agent = (id: string): Actor => ({ kind: ActorKind.ACTOR_KIND_AGENT, id });
const person = (id: string): Actor => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const helloOf = (agentId: string) => ({
  hello: {
    ...{ versionMin: 1, versionMax: 1, incarnation: "1", agentId },
    offering: { slots: 1, capabilities: [{ name: "test.open", version: "1.0.0" }] },
  },
});

/** A stream that has started. */
interface Open {
  /** The code of the error that ended it. */
  readonly ended: Promise<string>;
  readonly isOver: boolean;
}

describe("a stream that is open", () => {
  let installation: Installation;
  let admin: Mesh;
  const meshes: Mesh[] = [];
  const leaving = new AbortController();
  const { signal } = leaving;

  function meshWith(credential: string): Mesh {
    const { address } = installation;
    const ownership = new MemoryOwnership({ fallback: () => ({ instance: "platform", address, epoch: 1 }) });
    const peers = { swarm: [address], governance: [address] };
    const mesh = new Mesh({ settings: { peers }, ownership, credential: () => credential });
    meshes.push(mesh);
    return mesh;
  }

  const bind = (bindingId: string, role: string, actor: Actor) =>
    admin.client(policyService).createRoleBinding({
      namespace,
      binding: RoleBinding.fromPartial({ bindingId, role, subject: { $case: "actor", value: actor } }),
    });
  const tokenOf = (actor: Actor) =>
    admin
      .client(identityService)
      .issueToken(
        IssueTokenRequest.fromPartial({ namespace, actor, lifetimeMs: 600_000, scope: Scope.create() }),
      );

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    admin = meshWith("");
    for (const id of ["one", "two", "stays"]) await bind(id, "agent", agent(id));
    for (const id of ["ann", "ben"]) await bind(id, "viewer", person(id));
  });
  after(async () => {
    leaving.abort();
    for (const mesh of meshes) await mesh.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  /** Retries until the bundle with the credential has arrived. */
  async function opened(open: () => Promise<Open>): Promise<Open> {
    for (;;) {
      try {
        return await open();
      } catch (thrown) {
        const { status } = errorFromUnknown(thrown);
        assert.ok(["UNAUTHENTICATED", "PERMISSION_DENIED", "UNAVAILABLE"].includes(status), status);
        await delay(50);
      }
    }
  }

  /** Resolves with the first message. */
  async function openStream(messages: AsyncIterable<unknown>): Promise<Open> {
    const first = Promise.withResolvers<void>();
    const open = { isOver: false, ended: Promise.resolve("") };
    const read = async (): Promise<string> => {
      try {
        for await (const _ of messages) first.resolve();
        return "";
      } catch (error) {
        first.reject(error);
        return errorFromUnknown(error).code;
      } finally {
        open.isOver = true;
      }
    };
    open.ended = read();
    await first.promise;
    return open;
  }

  function overGrpc(id: string, secret: string): Promise<Open> {
    async function* frames() {
      yield AgentFrame.fromPartial(helloOf(id));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }
    return openStream(
      meshWith(secret).client(agentLinkService, { service: "swarm" }).link(frames(), { signal }),
    );
  }

  function overWebSocket(id: string, secret: string): Promise<Open> {
    const url = installation.host.url.replace("http", "ws").concat("/v1/link");
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${secret}` } });
    signal.addEventListener("abort", () => socket.close());
    const ended = Promise.withResolvers<string>();
    const open = { isOver: false, ended: ended.promise };
    return new Promise((resolve, reject) => {
      socket.onopen = () =>
        socket.send(JSON.stringify(AgentFrame.toJSON(AgentFrame.fromPartial(helloOf(id)))));
      socket.onmessage = ({ data }) => {
        if (HostFrame.fromJSON(JSON.parse(data)).answer?.$case === "welcome") resolve(open);
      };
      socket.onclose = ({ reason }) => {
        open.isOver = true;
        ended.resolve(reason.split(":")[0] ?? "");
        reject(new Error(`the WebSocket was closed: ${reason}`));
      };
    });
  }

  const watch = (secret: string) => () =>
    openStream(
      meshWith(secret)
        .client(agentService, { service: "swarm" })
        .watchAgents(WatchAgentsRequest.fromPartial({ namespace }), { signal }),
    );

  it("as a link ends with the revoked token, by each transport, and another agent's continues", async () => {
    const staysToken = (await tokenOf(agent("stays"))).secret;
    const other = await opened(() => overGrpc("stays", staysToken));
    for (const [id, open] of [
      ["one", overGrpc],
      ["two", overWebSocket],
    ] as const) {
      const { secret, token } = await tokenOf(agent(id));
      const link = await opened(() => open(id, secret));
      const which = { $case: "tokenId" as const, value: token?.tokenId ?? "" };
      await admin.client(identityService).revokeTokens(RevokeTokensRequest.fromPartial({ namespace, which }));
      assert.equal(await link.ended, "access.credential_refused");
    }
    assert.equal(other.isOver, false);
  });

  it("as a watch ends with the revoked key, and with the right", async () => {
    const keyOf = (actor: Actor) =>
      admin
        .client(identityService)
        .createKey(CreateKeyRequest.fromPartial({ namespace, actor, title: "test" }));
    const [ann, ben] = [await keyOf(person("ann")), await keyOf(person("ben"))];
    const [byAnn, byBen] = [await opened(watch(ann.secret)), await opened(watch(ben.secret))];
    const keyId = ann.key?.keyId ?? "";
    await admin.client(identityService).revokeKey({ namespace, keyId, reason: "lost" });
    assert.equal(await byAnn.ended, "access.credential_refused");
    assert.equal(byBen.isOver, false);
    await admin.client(policyService).deleteRoleBinding({ namespace, bindingId: "ben", reason: "" });
    assert.equal(await byBen.ended, "mesh.denied");
  });
});
