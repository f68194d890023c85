import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { decisions } from "../src/index.ts";
import { operations } from "../src/testing/index.ts";

describe("decisions", () => {
  machineConformance({
    machines: [decisions],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/", import.meta.url),
  });
});
