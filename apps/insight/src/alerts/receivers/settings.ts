/** The keys `insight.receivers.*`: receivers of alerts, by the name that rules use. */
import { secret } from "@tutti/kernel";
import * as z from "zod";

const commandTimeoutMs = 10_000;

/** The keys that each kind requires. Other keys are rejected. */
const needs = {
  webhook: ["url"],
  slack: ["url"],
  discord: ["url"],
  teams: ["url"],
  command: ["command"],
  workflow: ["workflow"],
  smtp: ["host", "from", "to"],
} as const;

/** One address, without characters that would end a header or start another address. */
const address = /^[^\s<>,;:"()@\p{Cc}]{1,64}@[^\s<>,;:"()@\p{Cc}]{1,255}$/u;
/** The same, with or without a name before it. */
const sender =
  /^(?:[^<>,;:"()@\p{Cc}]{1,100} <[^\s<>,;:"()@\p{Cc}]{1,64}@[^\s<>,;:"()@\p{Cc}]{1,255}>|[^\s<>,;:"()@\p{Cc}]{1,64}@[^\s<>,;:"()@\p{Cc}]{1,255})$/u;

export type ReceiverKind = keyof typeof needs;

export const receiversSchema = z
  .record(
    z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    z
      .strictObject({
        kind: z.enum(["webhook", "slack", "discord", "teams", "command", "workflow", "smtp"]),
        url: secret().optional(),
        secret: secret().optional(),
        command: z.array(z.string().min(1)).min(1).max(64).optional(),
        timeoutMs: z.number().int().min(100).max(300_000).default(commandTimeoutMs),
        workflow: z.string().min(1).optional(),
        namespace: z.string().min(1).optional(),
        host: z
          .string()
          .regex(/^[A-Za-z0-9.:_-]{1,253}$/)
          .optional(),
        port: z.number().int().min(1).max(65_535).optional(),
        tls: z.enum(["starttls", "implicit", "none"]).default("starttls"),
        ca: secret().optional(),
        user: secret().optional(),
        password: secret().optional(),
        from: z.string().regex(sender).optional(),
        to: z.array(z.string().regex(address)).min(1).max(50).optional(),
      })
      .superRefine((settings, context) => {
        for (const field of needs[settings.kind])
          if (settings[field as keyof typeof settings] === undefined)
            context.addIssue({ code: "custom", message: `expected ${field} for the kind ${settings.kind}` });
        if ((settings.user === undefined) !== (settings.password === undefined))
          context.addIssue({ code: "custom", message: "expected user and password, or none of them" });
        if (settings.password !== undefined && settings.tls === "none")
          context.addIssue({ code: "custom", message: "expected tls for a password" });
      }),
  )
  .default({})
  .describe(
    "Receivers of alerts, by the name that rules use. `kind`: `webhook`, `slack`, `discord`, `teams`, `command`, `workflow` or `smtp`. `url`: a reference, `env:NAME` or `file:/path`. `secret`: a reference to the key that signs requests (Standard Webhooks). `command`: a program with its arguments, which gets the message as JSON on standard input. `timeoutMs`: the timeout of one attempt. `workflow`: the workflow to start with the message as its input, in `namespace` or in the namespace of the alert. `smtp` sends mail through `host` from `from` to each of `to`. `tls`: `starttls` (the default, port 587), `implicit` (port 465) or `none` (port 25, only with `privateReceivers`). `user`, `password`: references. `ca`: a reference to certificate authorities in PEM, which replace those of Node.",
  );

export type ReceiverSettings = z.infer<typeof receiversSchema>[string];
