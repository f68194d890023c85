import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentFrame } from "@tutti/contracts/agent/v1";
import { ModelCalls } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import fc from "fast-check";
import { writeOutput } from "./encode.ts";

describe("the hand-written encoding of a result", () => {
  it("equals the output of the generated encoder", () => {
    const used = fc.option(
      fc.record({ tokens: fc.nat(), money: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.json(),
        fc.nat(),
        used,
        fc.array(fc.record({ requestModel: fc.string(), agoMs: fc.nat() }), { maxLength: 3 }),
        (token, json, runMs, amounts, calls) => {
          const writer = new FlatWriter();
          const request = calls.length === 0 ? undefined : ModelCalls.fromPartial({ calls });
          writeOutput(writer, token, json, { runMs, used: amounts, modelCalls: request });
          const isUsed = amounts !== undefined && (amounts.tokens > 0 || amounts.money > 0);
          const [result] = AgentFrame.decode(writer.finish()).results;
          assert.deepEqual([result?.token, result?.runMs], [token, runMs]);
          assert.deepEqual(result?.outcome, { $case: "inlineOutput", value: new TextEncoder().encode(json) });
          if (isUsed) assert.deepEqual(result?.used, { ...amounts, timeMs: 0 });
          assert.deepEqual(result?.modelCalls, request);
        },
      ),
    );
  });
});
