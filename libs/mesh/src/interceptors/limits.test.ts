import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RegisterRequest, registryService } from "@tutti/contracts/registry/v1";
import { type Capability, Payload } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { methodsOf } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { declareWeight, requireWeight } from "./limits.ts";

const register = methodsOf(registryService).find(([key]) => key === "register")?.[1];

const text = fc.string({ unit: "binary", maxLength: 40 });

const capability: fc.Arbitrary<Capability> = fc.record({
  name: text,
  version: text,
  inputSchema: text,
  outputSchema: text,
  cost: fc.option(
    fc.record({
      durationMs: fc.double(),
      money: fc.double(),
      tokens: fc.double(),
      by: fc.array(fc.string()),
    }),
    {
      nil: undefined,
    },
  ),
  description: text,
});

const request: fc.Arbitrary<RegisterRequest> = fc.record({
  instance: fc.record({
    id: text,
    service: text,
    address: text,
    operationsAddress: text,
    version: text,
    labels: fc.dictionary(text, text, { maxKeys: 5 }),
    offers: fc.array(
      fc.record({
        namespace: text,
        capability: fc.option(capability, { nil: undefined }),
        providers: fc.nat(),
      }),
      { maxLength: 5 },
    ),
    health: fc.constant(undefined),
    load: fc.option(fc.record({ inFlight: fc.double(), queued: fc.double(), utilization: fc.double() }), {
      nil: undefined,
    }),
    host: fc.constant(undefined),
    registerTime: fc.constant(undefined),
    renewTime: fc.constant(undefined),
    revision: fc.nat(),
    openBreaker: text,
  }),
  leaseMs: fc.double(),
});

describe("the limit on messages that are not encoded", () => {
  it("rejects exactly the messages that would be too large when encoded", () => {
    assert.ok(register !== undefined);
    const method = register;
    fc.assert(
      fc.property(request, fc.integer({ min: 0, max: 1_500 }), (message, limit) => {
        const size = method.rpc.request.encode(message).length;
        let refused = false;
        try {
          requireWeight(method, "request", message, limit);
        } catch (error) {
          assert.ok(meshErrors.messageTooLarge.is(error));
          refused = true;
        }
        assert.equal(refused, size > limit);
      }),
      { numRuns: 500 },
    );
  });

  it("does not inspect the content of bytes", () => {
    assert.ok(register !== undefined);
    const large = Payload.create({ body: { $case: "inline", value: new Uint8Array(1_000_000) } });
    requireWeight(register, "request", large, 2_000_000);
  });

  it("trusts a declared size up to the limit, and measures the message beyond it", () => {
    assert.ok(register !== undefined);
    const unseen = Payload.create({ mediaType: "x".repeat(1_000) });
    requireWeight(register, "request", declareWeight(unseen, 10), 500);
    const small = Payload.create({ mediaType: "x" });
    requireWeight(register, "request", declareWeight(small, 1_000), 500);
  });
});
