import assert from "node:assert/strict";
import { it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { isEnded, liveStatuses } from "./ended.ts";

it("every status is final or live", () => {
  const statuses = Object.values(WorkStatus).filter((status) => typeof status === "number" && status > 0);
  assert.deepEqual(
    statuses.filter((status) => !isEnded(status as WorkStatus)).sort(),
    [...liveStatuses].sort(),
  );
});
