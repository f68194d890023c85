import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Model } from "@tutti/rest/types";
import { driftText, inOrder, offBy, trustText } from "./learned.ts";

describe("learned durations", () => {
  const known: Model = { modelId: "durations/image.render", samples: 40, error: 0.13, coverage: 0.9 };
  const drifting: Model = { modelId: "durations/a", samples: 2, drift: { factor: 2.5, startTimeMs: 1 } };

  it("show their reliability and their drift", () => {
    assert.equal(trustText(known), "40 attempts, 13 % mean error, 90 % within the p90 range");
    assert.equal(trustText(drifting), "2 attempts");
    assert.deepEqual([offBy({ error: 0.2 }), offBy({})], ["×\u00a01.22", "×\u00a01.00"]);
    assert.equal(driftText(known), undefined);
    assert.equal(driftText(drifting), "2.5 times as long as before");
    assert.equal(driftText({ ...drifting, drift: { factor: 0.5 } }), "50 % of the time before");
  });

  it("list drifting durations first", () => {
    const little: Model = { modelId: "durations/b", samples: 1 };
    assert.deepEqual(
      inOrder([little, known, drifting]).map(({ modelId }) => modelId),
      ["durations/a", "durations/image.render", "durations/b"],
    );
  });
});
