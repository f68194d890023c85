import type { Worker } from "@tutti/sdk";

interface Found {
  readonly books: string;
  readonly people: string;
}

export function handle(worker: Worker): void {
  worker.handle(
    "library.search",
    async ({ question }: { readonly question: string }) => `a book: ${question}`,
  );
  worker.handle("people.ask", async () => "an old forester");
  worker.handle("report.compose", async ({ found }: { readonly found: Found }) => {
    return `Found ${found.books}, and ${found.people}`;
  });
}
