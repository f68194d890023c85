/**
 * Receives bundles: from governance, as they are made, and from a file. So a process that starts while governance is
 * unavailable uses the last bundle until it is too old.
 *
 * 1. Nothing waits for a bundle: requests that need one are refused without it.
 * 2. Accepted bundles are written as they were signed. A bundle that is read is checked like a received one.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Bundle, type policyService } from "@tutti/contracts/governance/v1";
import {
  backoffMs,
  type Component,
  degraded,
  type Foundation,
  type Health,
  healthy,
  privateModes,
  reasonOf,
  replaceFile,
  sleep,
  systemCodeOf,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { registerFile } from "../storage/file-list.ts";

export interface BundleFeedParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger">;
  readonly policies: () => Pick<Client<typeof policyService>, "watchBundles">;
  /** File of the last bundle. Undefined if none is kept. */
  readonly file: string | undefined;
  /** Accepts a bundle, or returns why not. */
  readonly accept: (bundle: Bundle) => Promise<string>;
  /** Number of the current bundle. */
  readonly known: () => number;
}

const pause = { firstMs: 100, maxMs: 5_000 };

export class BundleFeed implements Component {
  readonly #parts: BundleFeedParts;
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;
  #problem = "";
  #isListed = false;

  constructor(parts: BundleFeedParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    await this.#read();
    this.#work = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(this.#problem, { bundle: this.#parts.known() });
  }

  async #follow(): Promise<void> {
    const { policies, known, foundation } = this.#parts;
    const { timers, chance, logger } = foundation;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        for await (const { bundle } of policies().watchBundles({ afterNumber: known() }, { signal })) {
          failures = 0;
          if (bundle !== undefined) await this.#accept(bundle);
        }
      } catch (error) {
        if (!signal.aborted) logger.debug("cannot follow policy bundles", { error });
      }
      await sleep(timers, backoffMs(pause, ++failures, chance), signal).catch(() => {});
    }
  }

  async #accept(bundle: Bundle): Promise<void> {
    let refused: string;
    try {
      refused = await this.#parts.accept(bundle);
    } catch (error) {
      this.#recordReason(reasonOf(error));
      // The next stream sends the same bundle again.
      throw error;
    }
    this.#recordReason(refused);
    if (refused === "") await this.#write(bundle);
  }

  /** @param reason empty if the bundle was accepted */
  #recordReason(reason: string): void {
    const problem = reason === "" ? "" : `a bundle of rules is refused: ${reason}`;
    if (problem !== "" && problem !== this.#problem)
      this.#parts.foundation.logger.warn("policy bundle rejected", { reason });
    this.#problem = problem;
  }

  async #read(): Promise<void> {
    const { file, accept, foundation } = this.#parts;
    if (file === undefined) return;
    try {
      const refused = await accept(Bundle.decode(await readFile(file)));
      if (refused !== "") foundation.logger.warn("stored policy bundle rejected", { file, reason: refused });
    } catch (error) {
      // The file may not exist yet. A bundle that cannot be read comes again from governance.
      if (systemCodeOf(error) !== "ENOENT")
        foundation.logger.warn("failed to read the stored policy bundle", { file, error });
    }
  }

  async #write(bundle: Bundle): Promise<void> {
    const { file, foundation } = this.#parts;
    if (file === undefined) return;
    try {
      await mkdir(dirname(file), { recursive: true, mode: privateModes.folder });
      // Several processes may share the folder.
      const fresh = `${file}.${process.pid}.new`;
      // It contains hashes of keys, so others must not be able to guess them.
      await writeFile(fresh, Bundle.encode(bundle).finish(), { mode: privateModes.file });
      await replaceFile(fresh, file);
      if (!this.#isListed)
        registerFile(dirname(dirname(file)), `${basename(dirname(file))}/${basename(file)}`);
      this.#isListed = true;
    } catch (error) {
      foundation.logger.warn("failed to store the policy bundle", { file, error });
    }
  }
}
