import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { secrets } from "../src/index.ts";
import { operations } from "../src/testing/index.ts";

describe("secrets", () => {
  machineConformance({
    machines: [secrets],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/", import.meta.url),
  });
});
