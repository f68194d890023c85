import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReportContent } from "../content.ts";
import { csvOf } from "./csv.ts";
import { htmlOf } from "./html.ts";
import { markdownOf } from "./markdown.ts";

const hostile = '<script>alert("x")</script> | `=1+1`';
const table = { text: "", columns: ["task", "run_ms"], rows: [["pay", 1234.5]], cut: false } as const;
const report: ReportContent = {
  ...{ namespace: "shop", kind: "team", subject: hostile, title: `Week of ${hostile}` },
  ...{ fromMs: 0, toMs: 604_800_000 },
  sections: [
    { ...table, title: "Tasks", text: "Both." },
    {
      ...table,
      title: "Errors",
      rows: [
        [hostile, null],
        ["=1+1", 2],
      ],
      cut: true,
    },
    { ...table, title: "Broken", columns: [], rows: [], problem: `no such table: ${hostile}` },
    { ...table, title: "Quiet", rows: [] },
  ],
};

describe("a report", () => {
  it("as HTML has no markup of users, no script, and no external content", () => {
    const html = htmlOf(report);
    assert.doesNotMatch(html, /<script/i);
    assert.doesNotMatch(html, /\b(?:src|href)=/);
    assert.match(html, /default-src 'none'/);
    assert.match(html, /<td>pay<\/td><td class="number">1,234.5<\/td>/);
    assert.match(html, /The first 2 rows\. There are more\./);
    assert.match(html, /class="problem">This section could not be created: no such table: &lt;script&gt;/);
    assert.match(html, /No data in this period\./);
    assert.match(html, /From 1970-01-01 00:00 UTC to 1970-01-08 00:00 UTC\./);
  });

  it("as HTML draws the values of a metric with gaps", () => {
    const line = { name: "a=1", startMs: 0, stepMs: 1_000, values: [0, 10, null, 5] };
    const html = htmlOf({ ...report, sections: [{ ...table, title: "Load", lines: [line] }] });
    assert.match(html, /<path d="M0\.0 158\.0L200\.0 2\.0M600\.0 80\.0"/);
    assert.match(html, /at most 10/);
  });

  it("as Markdown escapes text that would break its tables", () => {
    const markdown = markdownOf(report);
    assert.match(markdown, /^# Week of /);
    assert.match(markdown, /\n\| Task \| Run ms \|\n\|---\|---:\|\n\| pay \| 1,234\.5 \|\n/);
    assert.match(markdown, /\\<script\\>alert\("x"\)\\<\/script\\> \\\| \\`=1\+1\\`/);
  });

  it("as CSV has a title before each table, and escapes formulas", () => {
    assert.equal(
      csvOf(report),
      `Tasks\r\ntask,run_ms\r\npay,1234.5\r\n\r\nErrors\r\ntask,run_ms\r\n"${hostile.replaceAll('"', '""')}",\r\n'=1+1,2\r\n\r\nQuiet\r\ntask,run_ms\r\n`,
    );
    assert.equal(
      csvOf({ ...report, sections: [{ ...table, title: "Tasks" }] }),
      "task,run_ms\r\npay,1234.5\r\n",
    );
  });
});
