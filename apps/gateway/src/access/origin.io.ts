import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { describe, it } from "node:test";
import { refuseStrangers } from "./origin.ts";

const own = "127.0.0.1:7400";
const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

function codeOf(headers: IncomingHttpHeaders, { isLoopback = true, isPage = false } = {}): string {
  try {
    refuseStrangers(headers, isLoopback, isPage);
    return "";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("the origin of a request", () => {
  it("is this machine under its own names alone, on a loopback address", () => {
    for (const host of [
      "127.0.0.1:7400",
      "localhost:7400",
      "[::1]:7400",
      "127.1.2.3",
      "LocalHost",
      "tutti.localhost:1",
    ])
      assert.equal(codeOf({ host }), "", host);
    for (const host of [
      "evil.example:7400",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "10.0.0.1:7400",
      "",
      "[::2]:1",
    ])
      assert.equal(codeOf({ host }), "gateway.host_unknown", host);
  });

  it("is any name that leads here, on other addresses", () => {
    assert.equal(codeOf({ host: "tutti.example" }, { isLoopback: false }), "");
  });

  it("is no page of another origin, with any request", () => {
    for (const origin of [
      "http://evil.example",
      "null",
      "http://127.0.0.1:7401",
      "http://localhost:7400",
      "https://evil.example:7400",
    ])
      assert.equal(codeOf({ host: own, origin }), "gateway.origin_foreign", origin);
    assert.equal(codeOf({ host: own, origin: `http://${own}` }), "");
    assert.equal(codeOf({ host: own, origin: `http://${own}`, "sec-fetch-site": "same-origin" }), "");
  });

  it("is no other site if the browser reports the site, also without an Origin header", () => {
    for (const site of ["cross-site", "same-site"])
      assert.equal(codeOf({ host: own, "sec-fetch-site": site }), "gateway.origin_foreign", site);
    for (const site of ["none", "same-origin"])
      assert.equal(codeOf({ host: own, "sec-fetch-site": site }), "", site);
  });

  it("may be a link on another site, but only for pages", () => {
    const followed = { host: own, "sec-fetch-site": "cross-site", ...visit };
    assert.equal(codeOf(followed, { isPage: true }), "");
    assert.equal(codeOf(followed), "gateway.origin_foreign");
    assert.equal(
      codeOf({ ...followed, "sec-fetch-dest": "iframe" }, { isPage: true }),
      "gateway.origin_foreign",
    );
  });
});
