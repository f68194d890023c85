/** The page of services in a real browser against a real platform without insight, so it shows data of processes only. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { Routes } from "@tutti/rest/types";
import type { Page } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { accessibilityProblems, Stage } from "./stage.ts";

const browser = await needsProgram("chromium-headless-shell");

describe("services on the page, without insight", { skip: browser.skip }, () => {
  let stage: Stage;

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      handlers: { "stage.idle": async () => "idle" },
      settings: ["--insight.enabled=false"],
    });
  });
  after(() => stage[Symbol.asyncDispose]());

  const row = (page: Page, name: string) =>
    page
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}( optional)?$`) }) });
  const fact = (page: Page, name: string) =>
    page
      .locator(".facts > div")
      .filter({ has: page.getByText(name, { exact: true }) })
      .locator("dd");

  it("shows each process with its services, version, resource use and components", async () => {
    const page = await stage.signedIn("/");
    await page.getByRole("link", { name: "Services" }).click();
    await page.waitForURL("**/services");
    await page.getByText(/^\d+ services in 1 process, all ready$/).waitFor();
    await page.getByRole("heading", { level: 2, name: "stage" }).waitFor();
    const { processes } = await stage.client.call("components.list");
    const [process] = processes;
    assert.ok(process !== undefined);
    assert.deepEqual(await page.locator(".service-names .tag").allInnerTexts(), process.services);
    assert.equal(await fact(page, "version").innerText(), process.version);
    assert.equal(await fact(page, "address").innerText(), process.address);
    // The page itself causes traffic. Rates appear with the second sample.
    const forms = {
      ...{ CPU: /^[\d<]+ ?\d* % of a core$/, memory: /^\d+(\.\d)? MiB$/ },
      ...{ "event-loop delay, p99": /^[\d.]+ m?s$/, received: /^[1-9][\d.]* \w?i?B\/s$/ },
      sent: /^[1-9][\d.]* \w?i?B\/s$/,
    };
    for (const [name, form] of Object.entries(forms))
      await until(`${name} to be known`, async () => form.test((await fact(page, name).innerText()).trim()));
    for (const service of process.services) await row(page, service).getByText("ready").waitFor();
    assert.equal(await row(page, "announcer").count(), 0);
    await page.getByRole("button", { name: `Show all ${process.components.length} components` }).click();
    await row(page, "announcer").getByText("ready").waitFor();
    assert.equal(await page.getByRole("rowheader").count(), process.components.length);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Show services and problems" }).click();
    assert.equal(await row(page, "announcer").count(), 0);
    await page.context().close();
  });

  it("shows one line for each process of a cluster, and opens those that are not ready", async () => {
    const page = await stage.signedIn("/");
    // The components of this platform, as those of twelve processes.
    await page.route("**/v1/components*", async (route) => {
      const response = await route.fetch();
      const { processes } = (await response.json()) as Routes["components.list"]["reply"];
      const [first] = processes;
      assert.ok(first !== undefined);
      const many = Array.from({ length: 12 }, (_, at) => ({ ...first, address: `10.0.0.${at + 1}:7401` }));
      const silent = { services: ["swarm"], address: "10.0.0.13:7401", problem: "no answer", components: [] };
      await route.fulfill({ response, json: { processes: [...many, silent] } });
    });
    await page.goto(new URL("/services", page.url()).href);
    await page.getByText(/ in 13 processes, 1 not ready$/).waitFor();
    const lines = page.locator(".process-list > li");
    assert.equal(await lines.count(), 13);
    assert.equal(await page.locator(".process-list > li > details[open]").count(), 1);
    for (const width of [390, 900, 1_440]) {
      await page.setViewportSize({ width, height: 900 });
      const height = await page.evaluate<number>("document.documentElement.scrollHeight");
      const isWide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth");
      assert.ok(height < 3_000, `${height} px at a width of ${width} px`);
      assert.equal(isWide, false, `no horizontal scrolling at ${width} px`);
      const folder = process.env["SHOTS"];
      if (folder !== undefined)
        await page.screenshot({ path: `${folder}/services-${width}.png`, fullPage: true });
    }
    await lines.first().locator("summary").click();
    await lines.first().getByText("in this state since").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.context().close();
  });

  it("leads to the metrics of the process", async () => {
    const page = await stage.signedIn("/services");
    await fact(page, "memory").getByRole("link").click();
    await page.waitForURL("**/series?*");
    await page.getByText(/From the memory of running processes/).waitFor();
    const { searchParams } = new URL(page.url());
    assert.equal(searchParams.get("metric"), "process_resident_memory_bytes");
    const { processes } = await stage.client.call("metrics.list");
    assert.equal(searchParams.get("process"), processes[0]?.name);
    await page.locator("main table.metric-values tbody tr").first().waitFor();
    await page.context().close();
  });

  it("shows the reason of a component that fails, and that it failed after it has recovered", async () => {
    const page = await stage.signedIn("/services");
    const announcer = stage.host.get("announcer");
    announcer.health = () => ({ level: "degraded", reason: "the registry is away" });
    await row(page, "announcer").getByText("degraded").waitFor();
    await row(page, "announcer").getByText("the registry is away").waitFor();
    await page.getByText(/1 process, 1 not ready$/).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    Reflect.deleteProperty(announcer, "health");
    await row(page, "announcer").getByText("ready").waitFor();
    await row(page, "announcer")
      .getByText(/ago: the registry is away$/)
      .waitFor();
    await page.context().close();
  });
});
