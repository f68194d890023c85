import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { decisions } from "../src/decisions/index.ts";
import { operations } from "../src/testing/decisions.ts";

describe("decisions", () => {
  machineConformance({
    machines: [decisions],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/decisions/", import.meta.url),
  });
});
