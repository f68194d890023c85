import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { findings } from "../src/findings/index.ts";
import { operations } from "../src/testing/findings.ts";

describe("findings", () => {
  machineConformance({
    machines: [findings],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/findings/", import.meta.url),
  });
});
