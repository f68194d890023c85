import { everything } from "@tutti/host/serving";
import type { Archive } from "@tutti/journal";
import { liveStatuses } from "@tutti/kernel";
import { indexLabels } from "@tutti/machine-run";

const pageMax = 1_000;

/** Counts the runs of a definition that have not ended. */
export class LiveRuns {
  readonly #archive: Pick<Archive, "search">;

  constructor(archive: Pick<Archive, "search">) {
    this.#archive = archive;
  }

  /** Counts runs of one version, or of all with an empty hash. */
  async count(namespace: string, definition: string, hash: string): Promise<number> {
    const labels = hash === "" ? [] : [{ kind: "equals", name: indexLabels.hash, values: [hash] } as const];
    let count = 0;
    let cursor = "";
    do {
      const page = await this.#archive.search({
        ...everything,
        namespace,
        kinds: ["run"],
        statuses: liveStatuses,
        definition,
        labels,
        cursor,
        limit: pageMax,
      });
      count += page.entries.length;
      ({ cursor } = page);
    } while (cursor !== "");
    return count;
  }
}
