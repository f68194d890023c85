/** The keys `insight.receivers.*`: who hears of alerts, by the name that rules have it under. */
import { secret } from "@tutti/kernel";
import * as z from "zod";

const commandTimeoutMs = 10_000;

/** What each kind needs, and nothing else. */
const needs = {
  webhook: ["url"],
  slack: ["url"],
  discord: ["url"],
  teams: ["url"],
  command: ["command"],
  workflow: ["workflow"],
} as const;

export type ReceiverKind = keyof typeof needs;

export const receiversSchema = z
  .record(
    z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    z
      .strictObject({
        kind: z.enum(["webhook", "slack", "discord", "teams", "command", "workflow"]),
        url: secret().optional(),
        secret: secret().optional(),
        command: z.array(z.string().min(1)).min(1).max(64).optional(),
        timeoutMs: z.number().int().min(100).max(300_000).default(commandTimeoutMs),
        workflow: z.string().min(1).optional(),
        namespace: z.string().min(1).optional(),
      })
      .superRefine((settings, context) => {
        for (const field of needs[settings.kind])
          if (settings[field as keyof typeof settings] === undefined)
            context.addIssue({ code: "custom", message: `expected ${field} for the kind ${settings.kind}` });
      }),
  )
  .default({})
  .describe(
    "Receivers of alerts, by the name that rules use. `kind` is `webhook`, `slack`, `discord`, `teams`, `command` or `workflow`. `url` is a reference, `env:NAME` or `file:/path`. With `secret`, also a reference, requests are signed by Standard Webhooks. `command` is a program with its arguments, and gets the message as JSON on standard input. `timeoutMs` limits one attempt. `workflow` is started with the message as its input, in `namespace` or in that of the alert.",
  );

export type ReceiverSettings = z.infer<typeof receiversSchema>[string];
