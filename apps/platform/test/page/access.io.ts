/** Access and audit in a real browser against a real platform: a policy written there takes effect after its preview. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Client, RestError } from "@tutti/rest/client";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const endless = "workflow: endless\ntasks: {wait: {wait: {signal: never}}}\n";
const stocktaking = `@reason("nothing is started while we take stock")
forbid(principal, action == Action::"workflow.runs.start", resource)
unless { principal in Role::"admin" };
`;

const browser = await needsProgram("chromium-headless-shell");

describe("access and audit on the page", { skip: browser.skip }, () => {
  let stage: Stage;
  let bob: Client;

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      workflows: [endless],
      handlers: { "stage.nothing": async () => null },
    });
    const { client } = stage;
    const actor = { kind: "person", id: "bob" } as const;
    await client.call("principals.create", { body: { actor } });
    await client.call("roleBindings.create", {
      body: { bindingId: "bob-develops", role: "developer", actor },
    });
    const { secret = "" } = await client.call("keys.create", { body: { actor, title: "Bob's desk" } });
    bob = new Client({ url: stage.url, key: secret });
    await until("the key to be known", () => codeOf(bob.call("runs.list")).then((code) => code === ""));
  });
  after(() => stage?.[Symbol.asyncDispose]());

  const start = (client: Client, runId: string) =>
    codeOf(client.call("runs.start", { body: { runId, definition: { name: "endless" } } }));
  const heading = (page: Page, name: string, level = 1) => page.getByRole("heading", { level, name });

  it("denies by a policy that was written in the page, after its impact was listed with the work behind it", async () => {
    assert.equal(await start(bob, "before-1"), "");
    await until("the decision to be recorded", async () =>
      (await stage.client.call("decisions.list")).decisions.some(({ work }) => work?.id === "before-1"),
    );
    const page = await stage.signedIn("/access?who=person%3Abob&action=workflow.runs.start");
    await page.getByText("Allowed by").waitFor();
    await page.getByRole("tab", { name: "Policies" }).click();
    await page.getByText("No policies yet.").waitFor();
    await page.getByRole("link", { name: "Create policy" }).click();

    const apply = page.getByRole("button", { name: "Apply policy", exact: true });
    const showImpact = page.getByRole("button", { name: "Show impact", exact: true });
    await page.getByLabel("Id").fill("stocktaking");
    await page
      .getByLabel("Cedar policy")
      .fill(stocktaking.replace("workflow.runs.start", "workflow.runs.strat"));
    await page.getByRole("list", { name: "Problems" }).waitFor();
    assert.equal(await showImpact.isDisabled(), true, "the error is fixed first");
    await page.getByLabel("Cedar policy").fill(stocktaking);
    await page.getByText("No problems found").waitFor();

    await page.getByRole("button", { name: "Add case" }).click();
    const drafted = page.getByRole("group", { name: "Case 1" });
    await drafted.getByLabel("Title").fill("Bob waits");
    await drafted.getByLabel("Principal").fill("person:bob");
    await drafted.getByLabel("Action").fill("workflow.runs.start");
    await page.getByRole("button", { name: "Test all cases", exact: true }).click();
    await page.getByText("All 1 passed.").waitFor();

    assert.equal(await apply.isDisabled(), true, "nothing is applied whose impact was not listed");
    await showImpact.click();
    await page.getByText(/call would be denied, 0 calls allowed/).waitFor();
    const flips = page.getByRole("list", { name: "Changed decisions" });
    await flips.getByRole("link", { name: "before-1" }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    assert.equal(await start(bob, "before-2"), "", "to list an impact changes nothing");

    await page.getByLabel("Reason").fill("stocktaking on Sunday");
    await apply.click();
    await heading(page, "Policies", 2).waitFor();
    await page.getByText("version 1 in force", { exact: true }).waitFor();
    await page.getByText("stocktaking on Sunday").waitFor();
    await until("the policy to deny", async () => (await start(bob, "after")) === "mesh.denied");
    assert.equal(
      await codeOf(stage.client.call("runs.get", { params: { id: "after" } })),
      "workflow.run_missing",
    );

    await page.goto(`${stage.url}/access?who=person%3Abob&action=workflow.runs.start`);
    await page.getByText("Denied by").waitFor();
    await page.getByText("forbid(principal, action ==").waitFor();
    await page.getByRole("link", { name: "stocktaking" }).click();
    await page.getByRole("button", { name: "Remove policy …" }).click();
    await page.getByRole("button", { name: "Remove policy", exact: true }).click();
    await page.getByText("version 2 in force", { exact: true }).waitFor();
    await until("the policy to be gone", async () => (await start(bob, "again")) === "");
    await page.context().close();
  });

  it("rolls back to an earlier version with a reason", async () => {
    const page = await stage.signedIn("/access?view=policies");
    await page.getByRole("button", { name: "Roll back …" }).last().click();
    const sure = page.getByRole("button", { name: "Roll back policies", exact: true });
    assert.equal(await sure.isDisabled(), true);
    await page.getByLabel("Reason").fill("stock is taken once more");
    await sure.click();
    await page.getByText("version 3 in force", { exact: true }).waitFor();
    await until("the policy to deny again", async () => (await start(bob, "once-more")) === "mesh.denied");
    await page.goto(`${stage.url}/access?view=decisions&decided=denied`);
    await page.getByRole("button", { name: "person:bob workflow.runs.start" }).first().click();
    await page.getByText("Denied by").waitFor();
    await stage.client.call("policies.apply", { body: { change: { removedPolicyIds: ["stocktaking"] } } });
    await page.context().close();
  });

  it("shows a key once, which works until it is revoked in the page", async () => {
    const page = await stage.signedIn("/access?view=keys");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create key", exact: true }).click();
    await page.getByText("Enter the purpose of the key.").waitFor();
    await page.getByLabel("Purpose").fill("Bob's press");
    await page.getByLabel("Owner").fill("person:bob");
    await page.getByLabel("Allowed actions").fill("workflow.runs.list");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("dialog").getByRole("button", { name: "Create key", exact: true }).click();
    const line = page.getByRole("dialog", { name: "New key" }).locator(".copy-line code");
    const secret = await line.innerText();
    await page.keyboard.press("Escape");
    await page.getByText(secret).waitFor({ state: "detached" });
    const press = new Client({ url: stage.url, key: secret });
    await until("the key to be known", async () => (await codeOf(press.call("runs.list"))) === "");
    assert.equal(await codeOf(press.call("agents.list")), "mesh.denied");
    await page.getByText("actions workflow.runs.list").waitFor();
    const own = page.getByRole("listitem").filter({ hasText: "Bob's press" });
    await own.getByText(/^used .*127\.0\.0\.1/).waitFor();
    await own.getByRole("button", { name: "Revoke key …" }).click();
    await page.getByRole("button", { name: "Revoke key", exact: true }).click();
    await until(
      "the key to be ended",
      async () => (await codeOf(press.call("runs.list"))) === "access.credential_refused",
    );
    await page.context().close();
  });

  it("acts for the user who signed in by a key: a forbidden action is disabled, and shows the missing right", async () => {
    const actor = { kind: "person", id: "vic" } as const;
    const { client } = stage;
    await client.call("roleBindings.create", { body: { bindingId: "vic-views", role: "viewer", actor } });
    const { secret = "" } = await client.call("keys.create", { body: { actor, title: "Vic's desk" } });
    const vic = new Client({ url: stage.url, key: secret });
    await until("the key to be known", async () => (await codeOf(vic.call("runs.list"))) === "");
    const page = await (await stage.context()).newPage();
    await page.goto(`${stage.url}/access?view=keys`);
    await page.getByLabel("Token or key").fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
    await heading(page, "Access").waitFor();
    // The missing permissions are known a moment after the page has loaded.
    await page.getByRole("link", { name: "Start a run" }).waitFor({ state: "detached" });
    const own = page.getByRole("listitem").filter({ hasText: "Vic's desk" });
    assert.equal(await own.getByRole("button", { name: "Rotate key", exact: true }).isDisabled(), true);
    await own.getByRole("button", { name: "Rotate key: missing permission" }).click();
    await own.getByText("person:vic may not do governance.keys.rotate in the namespace default.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Sign-ins" }).click();
    const mine = page.getByRole("listitem").filter({ hasText: "this browser" });
    await mine.getByText("person:vic").waitFor();
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await page.getByText("Metrics of the whole installation").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0, "what they may not see is no failure");
    await page.getByRole("button", { name: "Signed in vic" }).click();
    await page.getByRole("dialog", { name: "Account" }).getByText("viewer").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByLabel("Token or key").waitFor();
    await page.context().close();
  });

  it("finds a record, verifies its proof in the browser, and exports the matching records", async () => {
    const page = await stage.signedIn("/audit");
    await page.getByLabel("Object").fill("run/before-1");
    await page.getByLabel("Actor").fill("person/bob");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    const records = page.getByRole("list", { name: "Records" });
    await records.getByRole("link").first().click();
    await page.getByText("Verified by this browser.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export matching records", exact: true }).click();
    const lines = (await readFile(await (await download).path(), "utf8")).trim().split("\n");
    assert.ok(lines.some((line) => line.includes("before-1")));
    assert.ok(lines.every((line) => typeof JSON.parse(line) === "object"));
    await page.getByRole("tab", { name: "Checkpoints" }).click();
    await page.getByRole("button", { name: "Verify all records", exact: true }).click();
    await page.getByText(/^ ?All [\d,]+ records match their signatures\.$/).waitFor();
    await page.context().close();
  });

  it("shows why verification fails if a proof was altered in transit", async () => {
    const page = await stage.signedIn();
    await page.route("**/proof*", async (route) => {
      const answer = await route.fetch();
      const proof = await answer.json();
      await route.fulfill({ json: { ...proof, timeMs: proof.timeMs + 1 } });
    });
    const { records } = await stage.client.call("audit.search", {
      query: { workKind: "run", workId: "before-1" },
    });
    await page.goto(`${stage.url}/audit?record=${encodeURIComponent(records[0]?.recordId ?? "")}`);
    await page.getByText("Verification failed.").waitFor();
    await page.getByText(/the head does not contain this record/).waitFor();
    await page.context().close();
  });

  it("a rule written in the page runs in shadow mode, refuses once it is enforced, and is rolled back", async () => {
    const amount = (runId: string, input: number) =>
      codeOf(
        stage.client.call("runs.start", {
          body: { runId, definition: { name: "endless" }, input: { amount: input } },
        }),
      );
    assert.equal(await amount("dear-1", 5_000), "");
    const page = await stage.signedIn("/audit?view=compliance");
    await page.getByRole("link", { name: "Create rule" }).click();
    const showImpact = page.getByRole("button", { name: "Show impact", exact: true });
    const requirement = page.getByLabel("Requirement (CEL)");
    await page.getByRole("textbox", { name: "Id (required)" }).fill("small-orders");
    await page.getByLabel("Condition (CEL)").fill("has(subject.spec.input.amount)");
    await requirement.fill("subject.spec.input.amount <=");
    await page.getByRole("list", { name: "Problems" }).waitFor();
    assert.equal(await showImpact.isDisabled(), true, "the error is fixed first");
    await requirement.fill("subject.spec.input.amount <= 1000");
    await page.getByText("No problems found").waitFor();
    const tryOut = page.getByRole("button", { name: "Save in shadow mode", exact: true });
    assert.equal(await tryOut.isDisabled(), true, "nothing is set whose impact was not listed");
    const effects = page.getByRole("list", { name: "Violations" });
    await until("the index to have the run", async () => {
      await showImpact.click();
      await page.getByText(/agents evaluated/).waitFor();
      return (await effects.getByRole("link", { name: "dear-1" }).count()) > 0;
    });
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByLabel("Reason").fill("to see what it does");
    await tryOut.click();
    await heading(page, "Rule small-orders").waitFor();
    await page.getByText("to see what it does").waitFor();
    assert.equal(await amount("dear-2", 5_000), "", "a rule in shadow mode refuses nothing");

    await page.getByLabel("Enforcement", { exact: true }).selectOption("enforced");
    await page.getByText("No problems found").waitFor();
    await showImpact.click();
    await effects.waitFor();
    await page.getByLabel("Reason").fill("it does what it should");
    await page.getByRole("button", { name: "Save rule", exact: true }).click();
    await page.getByText("it does what it should").waitFor();
    await until("the rule to refuse", async () => (await amount("dear-3", 5_000)) === "access.rule_refused");
    await page.getByText("enforcement", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Roll back …" }).last().click();
    await page.getByLabel("Reason").last().fill("too strict");
    await page.getByRole("button", { name: "Roll back rule", exact: true }).click();
    await until("it to refuse nothing", async () => (await amount("dear-4", 5_000)) === "");
    await page.getByText("too strict", { exact: true }).first().waitFor();
    await page.context().close();
  });
});

/** Returns the error code of a rejected call. Empty if the call succeeds. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "";
  } catch (error) {
    if (error instanceof RestError) return error.code;
    throw error;
  }
}
