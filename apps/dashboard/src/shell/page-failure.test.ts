import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pageFailureOf } from "./page-failure.ts";

describe("a page that cannot be shown", () => {
  const missing = [
    "Unable to preload CSS for http://127.0.0.1:7400/assets/triggers-CsTl9h-j.css",
    "Failed to fetch dynamically imported module: http://127.0.0.1:7400/assets/x.js",
    "error loading dynamically imported module: http://127.0.0.1:7400/assets/x.js",
    "Importing a module script failed.",
  ];
  for (const message of missing) {
    it(`loads when the platform is back: ${message}`, () => {
      const { head, code, reloads } = pageFailureOf(new TypeError(message), true);
      assert.deepEqual([head, code, reloads], ["Platform not reachable", "", true]);
    });
    it(`is loaded again after an upgrade: ${message}`, () => {
      const { head, code, reloads } = pageFailureOf(new TypeError(message), false);
      assert.deepEqual([head, code, reloads], ["Page not loaded", "", true]);
    });
  }

  it("shows an error of its own code, even while the platform is unreachable", () => {
    for (const isDisconnected of [true, false]) {
      const { head, code, reloads } = pageFailureOf(new TypeError("x is not a function"), isDisconnected);
      assert.deepEqual([head, code, reloads], ["Page error", "x is not a function", false]);
    }
  });
});
