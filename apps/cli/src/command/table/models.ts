import type { Argument, Command } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const id: Argument = { name: "ID", summary: "the model: a capability" };
const models = () => import("../../commands/models.ts");

export const modelCommands: readonly Command[] = [
  {
    name: "model list",
    group: "installation",
    summary: "what was learned of how long things take, and how good that is, the worst first",
    options: [
      { name: "drifting", summary: "only where times are no longer as they were learned" },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => models().then(({ listModels }) => listModels),
  },
  {
    name: "model show",
    group: "installation",
    summary: "a model, and its latest predictions beside what came",
    arguments: [id],
    json: "document",
    load: () => models().then(({ showModel }) => showModel),
  },
  {
    name: "model reset",
    group: "installation",
    summary: "forget what was learned, as when the same now runs on other machines",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => models().then(({ resetModel }) => resetModel),
  },
];
