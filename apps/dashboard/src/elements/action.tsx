import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";
import { type PageError, pageError, send } from "../data/send.ts";
import { useLack } from "../data/use-lack.ts";
import { forgetUnsaved } from "../effects/unsaved.ts";
import { notify } from "../shell/notice-board.ts";
import type { Call } from "./spelled.ts";
import { Spelled } from "./spelled-popover.tsx";

export interface ActionOptions {
  label: string;
  /** The same action over REST. */
  call: Call;
  /** The same action as a CLI command, if there is one. */
  command?: string | undefined;
  /** Appearance: `main` for the primary action, `grave` for an action that cannot be undone. */
  weight?: "main" | "plain" | "grave";
  /** Called instead of sending the call: a form that validates first, a dialog that asks for confirmation. */
  perform?: () => Promise<unknown> | undefined;
  /** The message after success. If it is not set, the page itself shows the change. */
  doneText?: string | undefined;
  onDone?: ((reply: unknown) => void) | undefined;
  onError?: ((error: PageError) => void) | undefined;
  disabled?: boolean | undefined;
  /** True for an action on the user's own objects, which needs no right. */
  isOwn?: boolean;
  submit?: boolean;
  children?: ReactNode;
}

/**
 * The action button of the dashboard. Every action is also possible without it: next to the button, the page shows the
 * same action as a REST call and as a CLI command. The button is disabled while the action is running. An error is shown
 * as text. A forbidden action is disabled, and the missing right is shown next to it.
 */
export function Action(options: ActionOptions) {
  const missing = useLack(options.call);
  const lack = options.isOwn === true ? undefined : missing;
  const { label, call, command, weight = "plain", disabled = false, submit = false } = options;
  const button = useRef<HTMLButtonElement>(null);
  const work = useMutation({
    mutationFn: async () => (options.perform === undefined ? send(call) : options.perform()),
    onSuccess: (reply) => {
      // A form with mistakes sends no call and returns no reply.
      const isSent = reply !== undefined || options.perform === undefined;
      if (isSent && button.current !== null) forgetUnsaved(button.current);
      if (options.doneText !== undefined) notify({ tone: "done", text: options.doneText });
      options.onDone?.(reply);
    },
    onError: (error) => {
      const known = pageError(error);
      if (options.onError !== undefined) options.onError(known);
      else notify({ tone: "wrong", text: `${label}: ${known.message}` });
    },
  });
  return (
    <span className={`action ${weight}`} title={lack}>
      <button
        ref={button}
        type={submit ? "submit" : "button"}
        className="press"
        disabled={disabled || lack !== undefined || work.isPending}
        aria-busy={work.isPending}
        onClick={(event) => {
          if (submit) event.preventDefault();
          work.mutate();
        }}
      >
        {options.children ?? label}
      </button>
      <Spelled label={label} call={call} command={command} lack={lack} />
    </span>
  );
}
