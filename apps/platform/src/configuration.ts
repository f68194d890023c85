import { defineSection } from "@tutti/kernel";
import { z } from "zod";

export const platformSection = defineSection({
  scope: "foundation",
  name: "platform",
  description: "The platform that runs all services in one process.",
  schema: z.object({
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe("Where everything is kept that must last. It belongs to one process at a time."),
    extensions: z
      .array(z.string())
      .default([])
      .describe("Modules with orchestrators of your own, each the default export: ./billing.ts."),
    extensionStartMs: z
      .int()
      .min(1)
      .default(30_000)
      .describe("How long each of them may take to start; after that the platform goes on without it."),
  }),
});
