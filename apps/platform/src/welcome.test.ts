import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { welcomeText } from "./welcome.ts";

const given = {
  page: "http://127.0.0.1:7400/?token=once",
  url: "http://127.0.0.1:7400",
  mesh: "127.0.0.1:7401",
  dataDirectory: "./.tutti",
  demonstration: true,
};

describe("the welcome", () => {
  it("is short: the page, three commands to try, where workers link, how it ends", () => {
    assert.equal(
      welcomeText(given),
      `
  Tutti plays.  http://127.0.0.1:7400/?token=once

  In another terminal:
    npx tutti list                                   all that runs, and how it stands
    npx tutti show order-1002                        an order that waits for a yes
    npx tutti approve order-1002 --form note=bravo   says it, and the order goes on

  Workers link to 127.0.0.1:7401. Data is in ./.tutti.
  Ctrl-C ends it in good order, a second one at once; the next start goes on here.
`,
    );
  });

  it("has commands that find the platform where it is not where they look", () => {
    const text = welcomeText({ ...given, url: "http://127.0.0.1:8000" });
    assert.equal(text.match(/TUTTI_SERVER=http:\/\/127\.0\.0\.1:8000 npx tutti /g)?.length, 3);
  });

  it("names nothing of the demonstration where that is left out", () => {
    const text = welcomeText({ ...given, demonstration: false });
    assert.doesNotMatch(text, /order-/);
    assert.equal(text.match(/npx tutti /g)?.length, 3);
  });
});
