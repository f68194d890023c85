/**
 * Every method as registered in the server of the platform: no call reaches a handler without the interceptors. The
 * services are created and not started, so a reached handler would fail with another error.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { contractRefusals } from "@tutti/contracts/testing";
import { hostSections, ServiceHost, servicesSections } from "@tutti/host";
import { errorFromUnknown, memorySources, type Principal, systemClock, type TuttiError } from "@tutti/kernel";
import { ServerCall } from "@tutti/mesh";
import { builtInRoles, matchesAny } from "@tutti/policy";
import { routes } from "@tutti/rest";
import { services } from "../src/service.ts";

type Served = Parameters<Parameters<ServiceHost["mesh"]["server"]["onService"]>[0]>[2][number];

const stranger: Principal = { kind: "person", id: "nil", roles: [] };
const administrator: Principal = { kind: "person", id: "ada", roles: ["admin"] };

for (const enforce of [false, true])
  describe(`methods that the platform serves, ${enforce ? "with" : "without"} policies in force`, () => {
    let directory: string;
    let host: ServiceHost;
    const methods: Served[] = [];

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "tutti-served-"));
      const flags = ["--operations.port=0", "--log.level=fatal", `--access.enforce=${enforce}`];
      const sources = memorySources({ arguments: flags });
      const dataDirectory = () => directory;
      host = await ServiceHost.open({ name: "served", version: "0.0.0", services, sources, dataDirectory });
      host.mesh.server.onService((_contract, _service, served) => methods.push(...served));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    it("are found, several hundred of them", () => assert.ok(own(methods).length > 300, `${methods.length}`));

    it("let a viewer make every call that reads", () => {
      const actions = new Map(own(methods).map(({ method: { rpc } }) => [rpc.path, rpc.action]));
      const permitted = builtInRoles.find(({ role }) => role === "viewer")?.actions ?? [];
      const denied = routes
        .filter(({ method }) => method === "GET")
        .map((route) => ("rpc" in route ? actions.get(`/${route.rpc}`) : undefined))
        .filter((action) => action !== undefined && !matchesAny(permitted, action));
      // Auditors prove and export the audit. A replay of a pool takes a processor for seconds.
      assert.deepEqual([...new Set(denied)].sort(), [
        "governance.checkpoints.prove",
        "governance.checkpoints.verify",
        "governance.records.export",
        "governance.records.prove",
        "insight.replays.run",
      ]);
    });

    it("refuse a caller without the right, before the handler", async () => {
      for (const served of own(methods)) {
        const error = await refusalOf(host, served, { as: stranger });
        assert.equal(error.code, "mesh.denied", served.method.label);
      }
    });

    it("refuse a call after its deadline, before the handler", async () => {
      for (const served of own(methods)) {
        const error = await refusalOf(host, served, { as: administrator, isLate: true });
        assert.equal(error.code, "kernel.deadline_exceeded", served.method.label);
      }
    });

    it("refuse a request that breaks a rule, before the handler", async () => {
      for (const served of own(methods)) {
        const { rpc } = served.method;
        const [broken] = refusals.broken(rpc.path);
        if (broken === undefined) continue;
        const error = await refusalOf(host, served, { as: administrator, bytes: broken.bytes });
        assert.equal(error.code, "mesh.invalid_request", served.method.label);
        assert.equal(error.violations[0]?.field, broken.field, served.method.label);
      }
    });
  });

const refusals = contractRefusals();

/** Health and reflection are open to all callers. */
const own = (methods: readonly Served[]) => methods.filter(({ method }) => !method.builtin);

interface CallInput {
  readonly as: Principal;
  readonly isLate?: boolean;
  readonly bytes?: Uint8Array;
}

async function refusalOf(
  { mesh }: ServiceHost,
  served: Served,
  { as, isLate = false, bytes = refusals.smallest(served.method.rpc.path) }: CallInput,
): Promise<TuttiError> {
  const { method } = served;
  const { rpc } = method;
  const nowMs = systemClock.monotonic();
  const call = new ServerCall(
    method,
    {
      ...{ transport: "in-process", presented: as, credential: "", namespace: "", parent: undefined },
      ...{ deadlineMs: nowMs + (isLate ? -1 : 20_000), idempotencyKey: "", hosted: method.hosted },
      ...{ ownerEpoch: 0, peer: undefined, address: undefined },
    },
    mesh.server.defaults,
    nowMs,
  );
  const request = rpc.request.decode(bytes);
  const input = rpc.requestStream ? only(request) : request;
  try {
    if (!rpc.replyStream) await served.unary(call, input);
    else {
      const replies = served.stream(call, input, () => {});
      // A stream may send its rejection in a reply before it ends.
      for (let count = 0; count < 2; count++) await replies.next();
    }
  } catch (thrown) {
    return errorFromUnknown(thrown);
  }
  assert.fail(`${method.label} was not refused`);
}

async function* only(message: unknown): AsyncGenerator<unknown> {
  yield message;
}

it("sections that only some processes have are known to the others", () => {
  const ofAll = new Set(hostSections.map(({ name }) => name));
  const ofSome = new Set(services.flatMap(({ sections }) => sections.map(({ name }) => name)));
  assert.deepEqual([...ofSome].filter((name) => !ofAll.has(name)).sort(), [...servicesSections].sort());
});
