import type { Command } from "../../command/declaration.ts";

export const variantCommands: readonly Command[] = [
  {
    name: "variant set",
    group: "workflows",
    summary: "Set the two variants of a workflow, and the percentage of the new one",
    about: [
      "Registers a workflow with two versions, `old` and `new`. Each passes its input to one capability, and returns the output.",
      "With `--compare`, each run calls both. The version of the run decides whose output it returns.",
    ],
    arguments: [
      { name: "NAME", summary: "name of the workflow", completes: "workflow" },
      { name: "OLD", summary: "capability of the old variant" },
      { name: "NEW", summary: "capability of the new variant" },
    ],
    options: [
      { name: "percent", value: "N", summary: "percentage of new work for the version. Default: 0" },
      { name: "compare", summary: "call both variants in each run, and compare them" },
    ],
    examples: [
      {
        words: "variant set plan billing.plan billing2.plan --compare",
        does: "compare both, use the old one",
      },
      {
        words: "variant set plan billing.plan billing2.plan --percent 20",
        does: "use the new one for a fifth",
      },
    ],
    json: "document",
    load: () => import("./variants.ts").then(({ setVariant }) => setVariant),
  },
  {
    name: "variant show",
    group: "workflows",
    summary: "Compare the variants of a workflow: outputs, times and errors of its latest runs",
    arguments: [{ name: "NAME", summary: "name of the workflow", completes: "workflow" }],
    options: [{ name: "runs", value: "N", summary: "number of runs. Default: 100. Maximum: 500" }],
    examples: [{ words: "variant show plan", does: "compare the variants in the latest 100 runs" }],
    json: "document",
    load: () => import("./variants.ts").then(({ showVariant }) => showVariant),
  },
  {
    name: "variant rollback",
    group: "workflows",
    summary: "Roll all new runs back to the old variant, and end the comparison",
    arguments: [{ name: "NAME", summary: "name of the workflow", completes: "workflow" }],
    examples: [{ words: "variant rollback plan", does: "use the old variant alone" }],
    json: "document",
    load: () => import("./variants.ts").then(({ rollBackVariant }) => rollBackVariant),
  },
];
