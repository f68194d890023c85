import assert from "node:assert/strict";
import { it } from "node:test";
import { csvLine } from "./csv.ts";

it("a line of CSV quotes what has commas, quotes or breaks, and disarms formulas of texts", () => {
  assert.equal(csvLine(["one", 2, null, undefined, 0]), "one,2,,,0");
  assert.equal(
    csvLine(["a,b", 'the "end"', "two\r\nlines", "two\nlines"]),
    '"a,b","the ""end""","two\r\nlines","two\nlines"',
  );
  assert.equal(csvLine(["=1+1", "+1", "-1", "@sum", "\tx", -1]), "'=1+1,'+1,'-1,'@sum,'\tx,-1");
  assert.equal(csvLine(["=a,b"]), '"\'=a,b"');
});
