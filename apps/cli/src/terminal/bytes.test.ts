import assert from "node:assert/strict";
import { it } from "node:test";
import { printBytes } from "./bytes.ts";

it("prints bytes in the units of the limits: 1 GiB is 1.0 GiB", () => {
  const texts = [0, 1023, 1536, 44_040_192, 1_073_741_824].map(printBytes);
  assert.deepEqual(texts, ["0 B", "1023 B", "1.5 KiB", "42 MiB", "1.0 GiB"]);
});
