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
    "What others may tell by `POST /v1/webhooks/NAME`, signed as `preset` has it: `standard` (Standard Webhooks), `github`, `stripe`, `shopify` or `slack`. `secrets`, references to what they sign with, several while one is exchanged; `namespace`; `workflow`, of which a run begins with what is told as its input, or `signal`, which is sent with it to `run`, or `event`, with which the type of an event for triggers starts; `run`, the id of the run, with `${{ body.… }}` in it. It is done as `service:webhook.NAME`, which needs the right to.",
  );

export type WebhookSettings = z.infer<typeof webhooksSchema>[string];
