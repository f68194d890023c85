import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { moreOf, parquetOf, typesOf } from "./facts.ts";

describe("rows as Parquet", () => {
  it("keep their values and have a type for each column", async () => {
    const rows = [
      ["order", 12, 0.5, null, "x"],
      ["=1+1", null, 2, null, 7],
    ];
    const file = parquetOf(["definition", "count", "share", "none", "mixed"], rows).slice().buffer;
    assert.deepEqual(await parquetReadObjects({ file }), [
      { definition: "order", count: 12n, share: 0.5, none: null, mixed: "x" },
      { definition: "=1+1", count: null, share: 2, none: null, mixed: "7" },
    ]);
    const { schema } = parquetMetadata(file);
    assert.deepEqual(
      schema.slice(1).map(({ type }) => type),
      ["BYTE_ARRAY", "INT64", "DOUBLE", "BYTE_ARRAY", "BYTE_ARRAY"],
    );
  });

  it("have the types of the columns of facts on every day", () => {
    const column = (name: string, type: string) => ({ name, type });
    const types = typesOf([
      { columns: [column("tokens", "real"), column("slots", "integer"), column("share", "text")] },
      { columns: [column("tokens", "real"), column("share", "real")] },
    ]);
    const typesIn = (...row: (number | string | null)[]) => {
      const file = parquetOf(["tokens", "slots", "share"], [row], types).slice().buffer;
      return parquetMetadata(file)
        .schema.slice(1)
        .map(({ type }) => type);
    };
    assert.deepEqual(typesIn(5, null, 1), ["DOUBLE", "INT64", "INT64"]);
    assert.deepEqual(typesIn(null, 2, 0.5), ["DOUBLE", "INT64", "DOUBLE"]);
    assert.deepEqual(typesIn("five", 0.5, null), ["BYTE_ARRAY", "DOUBLE", "BYTE_ARRAY"]);
  });

  it("may be none", async () => {
    assert.deepEqual(await parquetReadObjects({ file: parquetOf(["a"], []).slice().buffer }), []);
  });
});

describe("an answer that was cut", () => {
  it("names the limit that was reached", () => {
    assert.equal(moreOf(false, 5), "");
    assert.match(moreOf(true, 1_000), /raise --rows/);
    assert.match(moreOf(true, 3_933, 10_000), /maximum of 1 MB/);
  });
});
