import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { experience } from "../src/experience/index.ts";
import { experienceKey, operations } from "../src/testing/experience.ts";

describe("experience", () => {
  machineConformance({
    machines: [experience],
    service: "master",
    commands: operations(),
    golden: new URL("../golden/experience/", import.meta.url),
    invariant(driver) {
      const { outcomes, count } = driver.state(experienceKey, experience);
      assert.ok(outcomes.length <= count);
      assert.ok(outcomes.every(({ capability }) => capability !== ""));
    },
  });
});
