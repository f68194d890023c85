/** A real browser that has signed in, and the port at which others measure it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@tutti/rest/client";
import { type BrowserContext, chromium } from "playwright-core";
import { needsProgram } from "../../../../tools/programs.mjs";
import { Absent } from "../../scenario.ts";

const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-port=0"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export interface SignedIn extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly debuggingPort: number;
}

export async function signedIn(http: string): Promise<SignedIn> {
  const { path, skip } = await needsProgram("chromium");
  if (skip !== false) throw new Absent(skip);
  const profile = await mkdtemp(join(tmpdir(), "tutti-page-"));
  const context = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: path, args: flags, viewport: { width: 1350, height: 940 } },
  });
  const page = await context.newPage();
  await page.goto((await new Client({ url: http }).call("signInLink")).url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.close();
  return {
    ...{ context, debuggingPort: await debuggingPortOf(profile) },
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** The browser chooses it, and writes it down. */
async function debuggingPortOf(profile: string): Promise<number> {
  for (;;) {
    const text = await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "");
    const port = Number(text.split("\n")[0]);
    if (port > 0) return port;
    await pause(50);
  }
}
