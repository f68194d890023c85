/** The whole platform in this process with a worker, the built page, and a real browser. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { freePorts } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { type DurableFunction, type TaskContext, Worker, type WorkerOptions } from "@tutti/sdk";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { madeBy, staleFronts } from "../../../../tools/fronts.mjs";
import { services } from "../../src/service.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const vite = join(root, "node_modules", "vite", "bin", "vite.js");

/** Flags to run as root, and without network access beyond this machine. */
const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  // Pages of a context share a process and its compiled code.
  "--renderer-process-limit=1",
];

type ContextOptions = NonNullable<Parameters<Browser["newContext"]>[0]>;
type Handlers = Readonly<Record<string, (input: unknown, context: TaskContext) => Promise<unknown>>>;

export interface StageOptions {
  readonly chromium: string;
  readonly handlers?: Handlers;
  readonly workflows?: readonly string[];
  /** Settings in the form of command-line flags. */
  readonly settings?: readonly string[];
}

type SignIn = Awaited<ReturnType<BrowserContext["storageState"]>>;

export class Stage implements AsyncDisposable {
  readonly directory: string;
  readonly browser: Browser;
  readonly #port: number;
  readonly #meshPort: number;
  readonly #open: () => Promise<ServiceHost>;
  readonly #workers: Worker[] = [];
  #host: ServiceHost;
  /** State of a browser that has signed in. */
  #signIn: SignIn | undefined;
  #usual: BrowserContext | undefined;

  static async open(options: StageOptions): Promise<Stage> {
    const { chromium: path, handlers = {}, workflows = [], settings = [] } = options;
    const directory = await mkdtemp(join(tmpdir(), "stage-"));
    // A failed start must leave nothing open, because the test process could not end.
    await using unfinished = new AsyncDisposableStack();
    unfinished.defer(() => rm(directory, { recursive: true, force: true }));
    const page = await builtPage(directory);
    const [port = 0, meshPort = 0] = await freePorts(2);
    const open = () => hostAt({ directory, page, port, meshPort, settings });
    const host = await open();
    unfinished.defer(() => host.stop());
    await host.start();
    const browser = await chromium.launch({ executablePath: path, args: flags });
    unfinished.defer(() => browser.close());
    const stage = new Stage({ directory, browser, port, meshPort, open, host });
    if (Object.keys(handlers).length > 0) await stage.join({ agentId: "stagehand" }, handlers);
    for (const text of workflows) await stage.client.call("workflows.register", { body: { text } });
    unfinished.move();
    return stage;
  }

  private constructor(parts: {
    directory: string;
    browser: Browser;
    port: number;
    meshPort: number;
    open: () => Promise<ServiceHost>;
    host: ServiceHost;
  }) {
    this.directory = parts.directory;
    this.browser = parts.browser;
    this.#port = parts.port;
    this.#meshPort = parts.meshPort;
    this.#open = parts.open;
    this.#host = parts.host;
  }

  /** Starts another worker, which runs until the stage is disposed. */
  async join(
    options: Pick<WorkerOptions, "agentId" | "slots" | "labels">,
    handlers: Handlers,
    functions: readonly DurableFunction<never>[] = [],
  ): Promise<void> {
    const worker = new Worker({ address: this.grpc, handleSignals: false, ...options });
    for (const [name, handle] of Object.entries(handlers)) worker.handle(name, handle);
    for (const fn of functions) worker.durable(fn as unknown as DurableFunction);
    this.#workers.push(worker);
    await worker.start();
  }

  /** The process of the platform. */
  get host(): ServiceHost {
    return this.#host;
  }

  /** Address to which workers connect. */
  get grpc(): string {
    return `127.0.0.1:${this.#meshPort}`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Returns a client like that of a program on this machine. */
  get client(): Client {
    return new Client({ url: this.url });
  }

  /** Returns a one-time sign-in link. */
  async link(): Promise<string> {
    return (await this.client.call("signInLink")).url;
  }

  /** Opens a separate browser context. Motion is reduced, because fade-ins are drawn many times. */
  async context(options: ContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(150_000);
    return context;
  }

  /** Returns a page of a signed-in user. The first one opens a link, the others reuse its cookie. */
  async signedIn(path = "/", options: ContextOptions = {}): Promise<Page> {
    this.#signIn ??= await this.#signInState();
    const isUsual = Object.keys(options).length === 0;
    const context = isUsual
      ? await this.#usualContext(this.#signIn)
      : await this.context({ storageState: this.#signIn, ...options });
    const page = await context.newPage();
    await page.goto(`${this.url}${path}`);
    if (path === "/") await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    // The first render does not handle keys yet.
    await page.evaluate("new Promise((resolve) => requestIdleCallback(resolve))");
    return page;
  }

  /**
   * Returns the browser context shared by tests without options, because a separate context costs a test a second of
   * processor time. Closing it closes its pages and clears their storage.
   */
  async #usualContext(signIn: SignIn): Promise<BrowserContext> {
    if (this.#usual !== undefined) return this.#usual;
    const context = await this.context({ storageState: signIn });
    // Keeps the process alive between tests.
    const sharedPage = await context.newPage();
    await sharedPage.goto(`${this.url}/tutti.svg`);
    context.close = async () => {
      for (const page of context.pages()) if (page !== sharedPage) await page.close();
      await sharedPage.evaluate("localStorage.clear()");
      await context.clearCookies();
      await context.addCookies(signIn.cookies);
    };
    this.#usual = context;
    return context;
  }

  async #signInState() {
    const context = await this.context();
    const page = await context.newPage();
    await page.goto(await this.link());
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const state = await context.storageState();
    await context.close();
    return state;
  }

  async stop(): Promise<void> {
    await this.#host.stop();
  }

  /** Starts the platform again on the same data, at the same address. */
  async restart(): Promise<void> {
    this.#host = await this.#open();
    await this.#host.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    for (const worker of this.#workers) await worker.stop();
    await this.#host.stop();
    await rm(this.directory, { recursive: true });
  }
}

/**
 * Returns the folder of the page that the test runner has built, if it was built from these sources. Otherwise builds it
 * here.
 */
async function builtPage(directory: string): Promise<string> {
  const prebuilt = madeBy(root, "page");
  if (prebuilt !== undefined && staleFronts(root, ["page"]).length === 0) return dirname(prebuilt);
  const page = join(directory, "page");
  await promisify(execFile)(process.execPath, [vite, "build", "--outDir", page, "--logLevel", "error"], {
    cwd: join(root, "apps", "dashboard"),
  });
  return page;
}

interface Place {
  readonly directory: string;
  readonly page: string;
  readonly port: number;
  readonly meshPort: number;
  readonly settings: readonly string[];
}

function hostAt({ directory, page, port, meshPort, settings }: Place): Promise<ServiceHost> {
  const args = [
    ...["--mesh.transport=grpc", `--mesh.listen=127.0.0.1:${meshPort}`, `--operations.port=${port}`],
    ...[`--gateway.page=${page}`, "--log.level=fatal"],
    ...settings,
  ];
  const sources = memorySources({ arguments: args });
  const dataDirectory = () => join(directory, "data");
  return ServiceHost.open({ name: "stage", version: "0.1.0", services, sources, dataDirectory });
}

/** Returns all accessibility problems that axe finds on a page, as readable lines. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  // An element that fades in has a different contrast during the transition.
  await page.evaluate(
    "Promise.allSettled(document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished))",
  );
  const found: readonly { id: string; help: string; nodes: readonly { html: string }[] }[] =
    await page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)");
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`),
  );
}
