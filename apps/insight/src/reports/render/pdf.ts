/**
 * Prints a page as PDF by Chromium. One at a time, because Chromium takes a few hundred megabytes.
 *
 * The page is the output of html.ts, without scripts and external resources. So root can print it too, although Chromium
 * has no sandbox for root.
 */
import { execFile } from "node:child_process";
import { access, constants, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { errorFromUnknown } from "@tutti/kernel";
import { insightErrors } from "../../errors.ts";

const run = promisify(execFile);
const names = [
  ...["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome", "google-chrome-stable"],
];
const timeMaxMs = 60_000;

export class PdfPrinter {
  /** A path. If empty, one of the usual names in PATH. */
  readonly #configured: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(configured: string) {
    this.#configured = configured;
  }

  print(html: string): Promise<Uint8Array> {
    const printed = this.#last.then(() => this.#printed(html));
    this.#last = printed.catch(() => {});
    return printed;
  }

  async #printed(html: string): Promise<Uint8Array> {
    const program = await this.#program();
    if (program === undefined) throw insightErrors.pdfUnavailable();
    const folder = await mkdtemp(join(tmpdir(), "tutti-report-"));
    try {
      const [page, out] = [join(folder, "report.html"), join(folder, "report.pdf")];
      await writeFile(page, html);
      const isRoot = process.getuid?.() === 0;
      const args = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--no-pdf-header-footer",
        ...[`--user-data-dir=${join(folder, "profile")}`, `--print-to-pdf=${out}`],
        ...(isRoot ? ["--no-sandbox"] : []),
      ];
      await run(program, [...args, `file://${page}`], { timeout: timeMaxMs, killSignal: "SIGKILL" });
      return await readFile(out);
    } catch (thrown) {
      throw insightErrors.pdfFailed(
        { reason: firstLine(errorFromUnknown(thrown).message) },
        { cause: thrown },
      );
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #program(): Promise<string | undefined> {
    const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
    const candidates =
      this.#configured === ""
        ? names.flatMap((name) => folders.map((folder) => join(folder, name)))
        : [this.#configured];
    for (const path of candidates)
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    return undefined;
  }
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
