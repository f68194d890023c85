import { defineSection, secret } from "@tutti/kernel";
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
      .describe(
        "How long each extension may take to start. After that time the platform continues without it.",
      ),
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
      .describe(
        "Which Python the demonstration's worker runs on: the first of these that can import protobuf.",
      ),
  }),
});

const price = z.number().min(0);

export const agentsSection = defineSection({
  scope: "orchestration",
  name: "agents",
  description: "The worker of this process that runs tasks of the kind `agent`.",
  schema: z.object({
    run: z
      .enum(["auto", "on", "off"])
      .default("auto")
      .describe(
        "Whether it runs. `auto`: if a provider is configured, or the environment names one (ANTHROPIC_API_KEY, OPENAI_API_KEY, ANTHROPIC_BASE_URL, OPENAI_BASE_URL, TUTTI_LOCAL_MODELS).",
      ),
    namespaces: z.array(z.string().min(1)).min(1).default(["default"]).describe("Whose tasks it runs."),
    slots: z.int().min(1).max(100_000).default(256).describe("Maximum of agents that run at once."),
    providers: z
      .record(
        z.string(),
        z.strictObject({
          speaks: z
            .enum(["messages", "chat", "responses"])
            .describe("Anthropic's Messages, OpenAI's Chat Completions or Responses."),
          url: z.url().describe("The base of its addresses: https://api.openai.com/v1."),
          key: secret().optional().describe("Its key, as a reference: env:ACME_KEY."),
        }),
      )
      .default({})
      .describe("Providers of models, by the name before the colon of a model."),
    prices: z
      .record(z.string(), z.strictObject({ input: price, output: price, cached: price.optional() }))
      .default({})
      .describe(
        "US dollars for a million tokens, by the start of a model's name. Budgets in money need them.",
      ),
  }),
});
