/**
 * Pictures of every page in every state, width and theme, to be looked at: in .cache/looks. Nothing is compared.
 *
 *   npm run looks -w apps/dashboard [-- PAGE|SCENE|WIDTH|THEME …]     only these: runs full 390
 */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page, type Route } from "playwright-core";
import { build } from "vite";
import { findProgram } from "../../../../tools/programs.mjs";
import { answerOf, type Scene } from "./answers.fixture.ts";

const here = dirname(fileURLToPath(import.meta.url));
const into = resolve(here, "../../../../.cache/looks");
// Built for this alone: what the gateway serves is left as it is.
const dist = join(into, "page");
const origin = "http://tutti.test";

const pages: Readonly<Record<string, string>> = {
  overview: "/",
  runs: "/runs",
  start: "/start?workflow=order",
  inbox: "/inbox",
  inboxes: "/inbox?view=inboxes",
  workflows: "/workflows",
  workflow: "/workflows/order",
  editor: "/editor",
  templates: "/templates",
  template: "/templates/workflows/order",
  missions: "/missions",
  mission: "/missions/programme",
  board: "/missions/programme?view=board",
  messages: "/missions/programme?view=messages",
  votes: "/missions/programme?view=votes",
  agents: "/missions/programme?view=agents",
  sessions: "/sessions",
  session: "/sessions/book",
  plan: "/sessions/book?view=plan",
  choices: "/sessions/book?view=choices",
  compare: "/sessions/race-1-hybrid?view=compare",
  "session-tasks": "/sessions/book?view=tasks",
  "session-task": "/sessions/book?task=essay-4",
  race: "/race",
  workers: "/workers",
  pools: "/pools",
  resources: "/resources",
  schedules: "/schedules",
  schedule: "/schedules/nightly-report",
  triggers: "/triggers",
  trigger: "/triggers/orders",
  access: "/access?who=person%3Abob&action=workflow.runs.start&kind=run",
  policies: "/access?view=policies",
  decisions: "/access?view=decisions",
  keys: "/access?view=keys",
  tokens: "/access?view=sign-ins",
  browsers: "/access?view=browsers",
  "kept-out": "/access?view=kept-out",
  policy: "/policy?id=night",
  audit: "/audit",
  checkpoints: "/audit?view=checkpoints",
  compliance: "/audit?view=compliance",
  incidents: "/incidents",
  "incidents-none": "/incidents?text=nothing-like-it",
  incident: "/incidents/i30",
  "incident-quiet": "/incidents/i2",
  "incident-elsewhere": "/incidents/i7?of=system",
  alerts: "/alerts",
  analysis: "/analysis",
  "analysis-workflow": "/analysis?workflow=order&span=7d",
  advice: "/advice",
  cache: "/cache",
  capacity: "/capacity",
  "what-if": "/what-if?workers=8&strategy=fastest",
  "what-if-refused": "/what-if?load=2",
  services: "/services",
  metrics: "/series",
  metric: "/series?metric=process_resident_memory_bytes&range=7d",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

async function serve(route: Route, scene: Scene): Promise<void> {
  const url = new URL(route.request().url());
  // A stream that says nothing: the platform is there.
  if (url.pathname === "/v1/events") return;
  if (url.pathname.startsWith("/v1/")) {
    const answer = answerOf(scene, url, Date.now());
    // What does not answer stays open until the page is closed.
    if (answer === undefined) return;
    if (url.pathname.startsWith("/v1/watch/") && answer.status === 200)
      return route.fulfill({
        contentType: "text/event-stream",
        body: `event: snapshot\ndata: ${JSON.stringify(answer.body)}\n\n`,
      });
    return route.fulfill({ status: answer.status, json: answer.body });
  }
  const file = extname(url.pathname) === "" ? "index.html" : url.pathname.slice(1);
  const body = await readFile(join(dist, file)).catch(() => undefined);
  if (body === undefined) return route.fulfill({ status: 404 });
  return route.fulfill({ body, contentType: types[extname(file)] ?? "application/octet-stream" });
}

async function capture(page: Page, name: string, path: string): Promise<void> {
  await page.goto(`${origin}${path}`, { waitUntil: "load" });
  await page.waitForTimeout(900);
  await page.screenshot({ path: join(into, `${name}.png`), fullPage: true });
  const wide = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  if (Number(wide) > 0) console.log(`${name}: ${wide} px wider than the window`);
}

const requested = new Set(process.argv.slice(2));
/** Of each kind those that were named. Where none of a kind was, all of it. */
const selectedOf = <Choice extends string | number>(choices: readonly Choice[]): readonly Choice[] => {
  const named = choices.filter((choice) => requested.has(String(choice)));
  return named.length > 0 ? named : choices;
};
const scenes = selectedOf<Scene>(["full", "empty", "loading", "failing", "signed-out"]);
const heights = { 1440: 900, 1024: 768, 390: 844 } as const;
const executablePath = await findProgram("chromium");
if (executablePath === undefined) throw new Error("expected chromium, got none");
await mkdir(into, { recursive: true });
await build({ root: resolve(here, "../.."), logLevel: "error", build: { outDir: dist, emptyOutDir: true } });
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
  ],
});

for (const theme of selectedOf(["light", "dark"] as const))
  for (const width of selectedOf([1440, 1024, 390] as const))
    for (const scene of scenes) {
      // Each state once in each theme is enough at the widest. The narrow ones cover the states that have data.
      if (scene !== "full" && width === 1024) continue;
      const height = heights[width];
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
      await context.route("**/*", (route) => serve(route, scene));
      const page = await context.newPage();
      page.on("pageerror", (error) => console.log(`${scene} ${theme} ${width}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && scene !== "failing" && scene !== "signed-out")
          console.log(`${scene} ${theme} ${width}: ${message.text()}`);
      });
      const captured: Readonly<Record<string, string>> =
        scene === "signed-out" ? { "sign-in": "/?token=used" } : pages;
      for (const name of selectedOf(Object.keys(captured)))
        await capture(page, `${name}-${scene}-${width}-${theme}`, captured[name] ?? "/");
      await context.close();
    }
await browser.close();
console.log(into);
