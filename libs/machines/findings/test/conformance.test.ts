import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { findings } from "../src/index.ts";
import { operations } from "../src/testing/index.ts";

describe("findings", () => {
  machineConformance({
    machines: [findings],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/", import.meta.url),
  });
});
