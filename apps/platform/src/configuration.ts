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
      .describe("Directory of all persistent data. Only one process can use it at a time."),
    extensions: z
      .array(z.string())
      .default([])
      .describe("Modules with custom orchestrators as their default export: ./billing.ts."),
    extensionStartMs: z
      .int()
      .min(1)
      .default(30_000)
      .describe("Timeout for the start of each extension. After that, the platform continues without it."),
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
        "Starts the workers of the demonstration, and once per data directory its runs. `npm start` enables it, `npm start -- --empty` does not.",
      ),
    pythons: z
      .array(z.string().min(1))
      .default(["python3"])
      .describe(
        "Python interpreters for the demonstration's worker. The first one that can import protobuf is used.",
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
        "When the worker runs. `auto`: if a provider is configured, in the settings or in the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, ANTHROPIC_BASE_URL, OPENAI_BASE_URL, TUTTI_LOCAL_MODELS).",
      ),
    namespaces: z
      .array(z.string().min(1))
      .min(1)
      .default(["default"])
      .describe("Namespaces whose tasks the worker runs."),
    slots: z.int().min(1).max(100_000).default(256).describe("Maximum number of concurrent agents."),
    providers: z
      .record(
        z.string(),
        z.strictObject({
          speaks: z
            .enum(["messages", "chat", "responses"])
            .describe(
              "API of the provider. `messages`: Anthropic Messages. `chat`: OpenAI Chat Completions. `responses`: OpenAI Responses.",
            ),
          url: z.url().describe("Base URL, such as https://api.openai.com/v1."),
          key: secret().optional().describe("API key as a reference, such as env:ACME_KEY."),
        }),
      )
      .default({})
      .describe("Model providers, by the part of a model's name before the colon."),
    prices: z
      .record(z.string(), z.strictObject({ input: price, output: price, cached: price.optional() }))
      .default({})
      .describe(
        "US dollars per million tokens, by the prefix of a model's name. Budgets in money need prices.",
      ),
  }),
});
