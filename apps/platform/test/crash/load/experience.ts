/** Experience learned from the attempts of the other parts. */
import assert from "node:assert/strict";
import { estimateService, ReadExperienceRequest } from "@tutti/contracts/intelligence/v1";
import { until } from "@tutti/kernel/testing";
import { retryUntilDone } from "../../support/killed.ts";
import { OutsideClient } from "../../support/outside-client.ts";
import type { LoadPart, Stage } from "../load-part.ts";

export function experience(stage: Stage): LoadPart {
  let known = { count: 0, choiceCount: 0 };

  /** Only the owner of the experience answers. */
  async function learned() {
    for (const address of stage.grpc()) {
      using client = new OutsideClient(address);
      const request = ReadExperienceRequest.create();
      const answer = await client
        .call(estimateService.methods.readExperience, request)
        .catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async function checkRetained(): Promise<void> {
    const found = await until("the experience", learned);
    const { count, choiceCount } = found;
    assert.ok(count >= known.count, `${count} attempts, ${known.count} before`);
    assert.ok(choiceCount >= known.choiceCount, `${choiceCount} choices, ${known.choiceCount} before`);
    known = { count, choiceCount };
  }

  return {
    async round() {
      await checkRetained();
      const { id } = await retryUntilDone(() => stage.tutti.run({ tasks: [learn], mode: "adaptive" }));
      await stage.tutti.sessions.get(id).result();
    },
    always: { "experience: what was learned is not forgotten": checkRetained },
    atEnd: {
      "experience: attempts and choices were learned from": () =>
        assert.ok(known.count > 0 && known.choiceCount > 0, JSON.stringify(known)),
    },
  };
}

const learn = { id: "learn", uses: "crash.step", input: { tag: "learn" } };
