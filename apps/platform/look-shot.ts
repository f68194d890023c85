// look-shot.ts OUT WIDTHS PATH... : screenshots
import { chromium } from "playwright-core";
import { findProgram } from "../../tools/programs.mjs";
import { Client } from "@tutti/rest/client";
const [widths = "", ...paths] = process.argv.slice(2);
const executablePath = await findProgram("chromium");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"] });
const url = "http://127.0.0.1:18080";
const client = new Client({ url });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on("pageerror", (e) => console.log("ERR", e.message));
await page.goto((await client.call("signInLink")).url);
await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor({ timeout: 20000 });
for (const width of widths.split(",").map(Number)) {
  await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
  for (const path of paths) {
    const [to = "", then] = path.split(" @");
    await page.goto(url + to);
    await page.waitForTimeout(Number(process.env.WAIT ?? 1500));
    if (then) { await page.evaluate(then).catch((e) => console.log(String(e))); await page.waitForTimeout(800); }
    const name = `/tmp/dash-shots/${to.replace(/[^a-z0-9-]+/gi, "_")}-${width}.png`;
    await page.screenshot({ path: name, fullPage: true });
    const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    console.log(name, wide, await page.title());
  }
}
await browser.close();
