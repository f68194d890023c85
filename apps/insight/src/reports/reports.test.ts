import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CreateWorkReportRequest, ReportKind } from "@tutti/contracts/insight/v1";
import { inputOf } from "./reports.ts";

describe("the request for a report", () => {
  const team = { kind: ReportKind.REPORT_KIND_TEAM };
  for (const [request, problem] of [
    [team, /`subject`: the name of a team is required/],
    [{ subject: "shop" }, /`subject`: a report about a namespace has none/],
    [{ schedule: "weekly" }, /`schedule` and `cron` need each other/],
    [{ cron: "0 7 * * mon" }, /`schedule` and `cron` need each other/],
    [{ timeZone: "Europe/Zurich" }, /`timeZone` needs `schedule` and `cron`/],
  ] as const)
    it(`${JSON.stringify(request)} is refused: ${problem.source}`, () =>
      assert.throws(() => inputOf(CreateWorkReportRequest.fromPartial(request), "default"), {
        code: "insight.report_unfit",
        message: problem,
      }));

  it("has a title and seven days by default", () => {
    const { title, spanMs } = inputOf(
      CreateWorkReportRequest.fromPartial({ ...team, subject: "shop" }),
      "default",
    );
    assert.deepEqual([title, spanMs], ["Team shop", 7 * 24 * 3_600_000]);
  });
});
