import type { Argument, Command } from "../declaration.ts";
import { all, page, reason, size, yes } from "./options.ts";

const id: Argument = { name: "ID", summary: "model: a capability" };
const models = () => import("../../commands/models.ts");

export const modelCommands: readonly Command[] = [
  {
    name: "model list",
    group: "installation",
    summary: "List learned duration models, least accurate first",
    options: [{ name: "drifting", summary: "only models that drift from recent durations" }, size, page, all],
    json: "document",
    load: () => models().then(({ listModels }) => listModels),
  },
  {
    name: "model show",
    group: "installation",
    summary: "Show a model with recent predictions and actual durations",
    arguments: [id],
    json: "document",
    load: () => models().then(({ showModel }) => showModel),
  },
  {
    name: "model reset",
    group: "installation",
    summary: "Reset a model, for example after a hardware change",
    arguments: [id],
    options: [reason, yes],
    confirm: (values) => `Reset model ${values.argument("ID")} and all it has learned?`,
    json: "document",
    load: () => models().then(({ resetModel }) => resetModel),
  },
];
