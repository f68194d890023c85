import { secret } from "@tutti/kernel";
import * as z from "zod";
import { presetNames } from "./presets.ts";

/** The keys `integration.gateway.webhooks.*`, by the name that a webhook has in its address. */
export const webhooksSchema = z
  .record(
    z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    z
      .strictObject({
        secrets: z.array(secret()).min(1).max(4),
        namespace: z.string().min(1).default("default"),
        workflow: z.string().min(1).optional(),
        signal: z.string().min(1).optional(),
        event: z
          .string()
          .regex(/^(?!tutti(?:\.|$))[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/)
          .optional(),
        preset: z.enum(presetNames).default("standard"),
        run: z.string().min(1).optional(),
      })
      .refine(
        ({ workflow, signal, event }) =>
          [workflow, signal, event].filter((target) => target !== undefined).length === 1,
        { error: "expected either workflow, signal or event" },
      )
      .refine(({ signal, run }) => signal === undefined || run !== undefined, {
        error: "expected run, the run that gets the signal",
      }),
  )
  .default({})
  .describe(
    "Webhooks that other systems call as `POST /v1/webhooks/NAME`. `preset`: how requests are signed: `standard` (Standard Webhooks), `github`, `stripe`, `shopify` or `slack`. `secrets`: references to the signing secrets, several during a rotation. `namespace`: the target namespace. Set exactly one of `workflow`, `signal` and `event`. `workflow` starts a run with the body as its input. `signal` sends the body as this signal to the run `run`. `event` publishes an event for triggers. The type of the event starts with this text. `run`: the id of the run, which can contain `${{ body.… }}`. The caller is `service:webhook.NAME`, which needs the rights for the action.",
  );

export type WebhookSettings = z.infer<typeof webhooksSchema>[string];
