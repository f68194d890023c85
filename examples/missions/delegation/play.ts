/** An agent delegates a part of its task, with fewer rights, and uses the result. */
import type { Tutti } from "@tutti/sdk/client";

export async function play(tutti: Tutti): Promise<unknown> {
  const mission = await tutti.missions.start({
    id: "delegation",
    assignment: "claimed",
    tasks: [{ id: "report", uses: "report.write" }],
    budget: { tokens: 1_000 },
  });
  const lead = await mission.join("lead", { offers: ["report.write"] });
  const clerk = await mission.join("clerk", { offers: ["sales.count"] });

  const [report] = await lead.claim();
  const part = { id: "count", uses: "sales.count", with: { year: 2026 } };
  await report?.delegate(part, { capabilities: [], budget: { tokens: 100 }, mayDelegate: false });

  const [count] = await clerk.claim({ waitMs: 5_000 });
  await count?.complete({ sold: 41 }, { used: { tokens: 60 } });

  // The delegating agent gets the result.
  const heard: unknown[] = [];
  for await (const { body } of lead.messages.list()) heard.push(body);
  await report?.complete({ text: "We sold 41 violins" });
  return { heard, output: await mission.result() };
}
