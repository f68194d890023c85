/** A session that adds tasks while it runs. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

/** The links of each page. */
const links: Readonly<Record<string, readonly string[]>> = {
  home: ["strings", "bows"],
  strings: ["rosin"],
  bows: [],
  rosin: [],
};

let closeBook = (): void => {};
const closed = new Promise<void>((resolve) => {
  closeBook = resolve;
});

export function handle(worker: Worker): void {
  worker.handle("page.read", ({ page }: { readonly page: string }) => links[page] ?? []);
  // Tasks can be added while the session runs.
  worker.handle("page.keep", async () => {
    await closed;
    return "closed";
  });
}

export async function play(tutti: Tutti): Promise<unknown> {
  const read = (page: string) => ({ id: page, uses: "page.read", with: { page } });
  const tasks = [read("home"), { id: "book", uses: "page.keep" }];
  const session = await tutti.run({ id: "search", tasks, mode: "swarm" });
  const known = new Set(["home"]);
  const looked = new Set<string>();
  for await (const change of session.watch()) {
    for (const { spec, endTime } of change.tasks) {
      const page = spec?.id ?? "";
      if (endTime === undefined || looked.has(page) || links[page] === undefined) continue;
      looked.add(page);
      const found = links[page].filter((next) => !known.has(next));
      for (const next of found) known.add(next);
      if (found.length > 0) await session.addTasks(found.map(read));
    }
    if (looked.size === Object.keys(links).length) closeBook();
  }
  return { read: [...looked].sort(), result: await session.result() };
}
