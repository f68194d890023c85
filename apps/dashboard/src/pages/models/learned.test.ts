import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Model } from "@tutti/rest/types";
import { driftWords, inOrder, offBy, trustWords } from "./learned.ts";

describe("learned durations", () => {
  const known: Model = { modelId: "durations/image.render", samples: 40, error: 0.13, coverage: 0.9 };
  const drifting: Model = { modelId: "durations/a", samples: 2, drift: { factor: 2.5, startTimeMs: 1 } };

  it("says how far it can be relied on, and how it drifts", () => {
    assert.equal(trustWords(known), "40 attempts, 13 % mean error, 90 % within the p90 range");
    assert.equal(trustWords(drifting), "2 attempts");
    assert.deepEqual([offBy({ error: 0.2 }), offBy({})], ["×\u00a01.22", "×\u00a01.00"]);
    assert.equal(driftWords(known), undefined);
    assert.equal(driftWords(drifting), "2.5 times as long as before");
    assert.equal(driftWords({ ...drifting, drift: { factor: 0.5 } }), "50 % of what it took before");
  });

  it("tells first what is no longer as it was", () => {
    const little: Model = { modelId: "durations/b", samples: 1 };
    assert.deepEqual(
      inOrder([little, known, drifting]).map(({ modelId }) => modelId),
      ["durations/a", "durations/image.render", "durations/b"],
    );
  });
});
