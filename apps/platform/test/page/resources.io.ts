/**
 * Resources as a user sees them, in a real browser against a real platform: sessions compete and locks change owners.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");

describe("resources on the page", { skip: browser.skip }, () => {
  let stage: Stage;
  const proceed = Promise.withResolvers<void>();

  before(async () => {
    const hold = async () => {
      await proceed.promise;
      return "held";
    };
    stage = await Stage.open({ chromium: browser.path, handlers: { "part.hold": hold } });
  });
  after(async () => {
    proceed.resolve();
    await stage?.[Symbol.asyncDispose]();
  });

  const part = (page: Page, title: string) =>
    page.locator("section.part").filter({ has: page.getByRole("heading", { level: 2, name: title }) });
  const overhang = (page: Page) =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

  const acquire = (name: string, holder: string, body: object = {}) =>
    stage.client.call("locks.acquire", { params: { name }, body: { holder, ...body } });

  it("shows holder and waiters of a lock as it changes hands, and the session that gave way in a deadlock", async () => {
    const page = await stage.signedIn("/pools");
    await page.getByRole("link", { name: "Resources" }).click();
    await page.waitForURL("**/resources");
    await part(page, "Locks").getByText("No locks.").waitFor();
    await part(page, "Deadlocks").getByText("No deadlocks.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await acquire("printer", "ada");
    const printer = page
      .getByRole("list", { name: "Locks" })
      .getByRole("listitem")
      .filter({ hasText: "printer" });
    await printer.getByText("ada holds it").waitFor();
    const bea = acquire("printer", "bea", { waitMs: 60_000 });
    await printer.getByText("bea waits and is next").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await stage.client.call("locks.release", { params: { name: "printer" }, body: { holder: "ada" } });
    await bea;
    await printer.getByText("bea holds it").waitFor();
    assert.equal(await printer.getByText("ada").count(), 0);

    const of = (id: string) => ({ work: { kind: "session", id } });
    await acquire("left", "plato-left", of("plato"));
    await acquire("right", "kant-right", of("kant"));
    const plato = acquire("right", "plato-right", { ...of("plato"), waitMs: 60_000 });
    await assert.rejects(acquire("left", "kant-left", { ...of("kant"), waitMs: 60_000 }), {
      code: "session.deadlock",
    });
    await stage.client.call("locks.release", { params: { name: "right" }, body: { holder: "kant-right" } });
    await plato;
    const deadlocks = part(page, "Deadlocks");
    await deadlocks.getByText(/session kant gave way/).waitFor();
    await deadlocks.getByText(/gives way, because it started last/).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });

  it("shows shares of sessions and why, quotas and reservations, on a phone too", async () => {
    const limits = { slots: 2 };
    await stage.client.call("quotas.set", {
      params: { quota: "default" },
      body: { quotaId: "default", limits },
    });
    // A pool polls every few seconds if there was no quota.
    await until("the pool to know of the quota", async () => {
      const { used } = await stage.client.call("quotas.get", { params: { quota: "default" } });
      return "slots" in (used ?? {});
    });
    const nowMs = Date.now();
    const span = { fromMs: nowMs + 3_600_000, toMs: nowMs + 7_200_000 };
    const reservation = { reservationId: "night", amounts: { slots: 1 }, span };
    await stage.client.call("reservations.create", { body: reservation });
    const agents = { equals: { gpu: "true" }, exists: [], absent: [] };
    const labelled = { agentId: "gertrud", slots: 2, labels: { gpu: "true" } };
    await stage.join(labelled, { "part.other": () => Promise.resolve() });
    const show = { ...reservation, reservationId: "show", agents, span: { ...span, fromMs: nowMs } };
    const create = () => stage.client.call("reservations.create", { body: show });
    await until("the agent with the label", () =>
      create().then(
        () => true,
        () => false,
      ),
    );
    const tasks = Array.from({ length: 6 }, (_, at) => ({ id: `t${at}`, capability: "part.hold" }));
    for (const [sessionId, weight] of [
      ["heavy", 3],
      ["light", 1],
    ] as const)
      await stage.client.call("sessions.start", {
        body: { sessionId, tasks: { tasks }, mode: "workflow", weight },
      });
    const page = await stage.signedIn("/resources", { viewport: { width: 390, height: 844 } });
    await part(page, "Quotas").getByText("2 of 2 in use").waitFor();
    await part(page, "Quotas").getByText("tasks above the quota wait").waitFor();
    await part(page, "Reservations").getByText("to come").waitFor();
    await part(page, "Reservations").getByText("1 slot of agents with gpu=true").waitFor();
    await part(page, "Capacity").getByText("default, gpu=true").waitFor();
    const shares = part(page, "Shares");
    const heavy = shares.getByRole("listitem").filter({ hasText: "weight 3" });
    await heavy.getByText(/waits for \d/).waitFor();
    await heavy.getByRole("button", { name: "Explain share" }).click();
    await heavy.getByText(/it has the weight 3: .*light with the weight 1/).waitFor();
    assert.ok((await overhang(page)) <= 0);
    assert.deepEqual(await accessibilityProblems(page), []);
    proceed.resolve();
    await shares.getByText("No running tasks of sessions.").waitFor();
    await page.context().close();
  });
});
