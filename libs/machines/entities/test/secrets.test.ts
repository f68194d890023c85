import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { secrets } from "../src/secrets/index.ts";
import { operations } from "../src/testing/secrets.ts";

describe("secrets", () => {
  machineConformance({
    machines: [secrets],
    service: "governance",
    commands: operations(),
    golden: new URL("../golden/secrets/", import.meta.url),
  });
});
