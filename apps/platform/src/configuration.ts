import { defineSection } from "@tutti/kernel";
import * as z from "zod";

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
    workflows: z
      .string()
      .default("")
      .describe(
        "Folder whose workflow files (YAML, JSON, and modules that export a workflow) are registered at the start, and again when they change. Empty: none. `tutti dev` sets the current folder.",
      ),
    demonstration: z
      .boolean()
      .default(false)
      .describe(
        "Workers of the demonstration as processes of their own, and once per data directory what they work on. `npm start` turns it on, `npm start -- --empty` does not.",
      ),
    pythons: z
      .array(z.string().min(1))
      .default(["python3"])
      .describe("Which Python the demonstration's worker runs on: the first of these that can import grpc."),
  }),
});
