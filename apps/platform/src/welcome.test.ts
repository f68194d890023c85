import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { killedText, signInText, welcomeText } from "./welcome.ts";

const details = {
  page: "http://127.0.0.1:7400/?token=once",
  url: "http://127.0.0.1:7400",
  dataDirectory: "./.tutti",
  demonstration: true,
};

describe("the welcome", () => {
  it("is short: the dashboard URL, three commands to try, the URL for workers, how to stop", () => {
    assert.equal(
      welcomeText(details),
      `
  Tutti is ready.  http://127.0.0.1:7400/?token=once

  In another terminal:
    npx tutti list                                   all runs and their state
    npx tutti show order-1002                        an order that waits for an approval
    npx tutti approve order-1002 --form note=bravo   approves it, and the order continues

  Workers link to http://127.0.0.1:7400. Data is in ./.tutti.
  Press Ctrl-C to shut down gracefully. The next start resumes every run.
`,
    );
  });

  it("has one line for the CLI and workers if the port is not the default", () => {
    const line = (url: string) => welcomeText({ ...details, url }).match(/export .*/)?.[0];
    assert.equal(line("http://127.0.0.1:8000"), "export TUTTI_URL=http://127.0.0.1:8000");
    assert.equal(line(details.url), undefined);
  });

  it("names the sign-in command without a terminal, and the variable if the port is another", () => {
    assert.equal(
      signInText(details.url),
      "tutti: ready at http://127.0.0.1:7400. Sign in: npx tutti sign-in",
    );
    assert.match(
      signInText("http://127.0.0.1:8000"),
      /TUTTI_URL=(\S+) npx tutti sign-in\. For other folders: export TUTTI_URL=\1$/,
    );
  });

  it("says why the platform is not ready", () => {
    const problem = "The archive is damaged";
    assert.match(
      signInText(details.url, problem),
      /^tutti: not ready at http:\S+: The archive is damaged\. Sign/,
    );
    assert.match(
      welcomeText({ ...details, problem }),
      /Tutti is not ready\. .*\n {2}The archive is damaged\n/,
    );
  });

  it("names the process that was killed before", () => {
    assert.match(
      killedText({ pid: "12", since: "2026-01-02T03:04:05.000Z" }),
      /^The process 12, started 2026-01-02T03:04:05\.000Z, did not shut down\. /,
    );
  });

  it("does not mention the demo if the demo is disabled", () => {
    const text = welcomeText({ ...details, demonstration: false });
    assert.doesNotMatch(text, /order-/);
    assert.equal(text.match(/npx tutti /g)?.length, 3);
  });
});
