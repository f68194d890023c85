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
  /** What it does over REST. */
  call: Call;
  /** The same as a command, where there is one. */
  command?: string | undefined;
  /** What it looks like: `main` for the one thing to do here, `grave` for what cannot be taken back. */
  weight?: "main" | "plain" | "grave";
  /** Instead of sending the call: a form that validates first, a dialog that asks first. */
  perform?: () => Promise<unknown> | undefined;
  /** The message after success. Without one the page itself shows the change. */
  doneText?: string | undefined;
  onDone?: ((reply: unknown) => void) | undefined;
  onError?: ((error: PageError) => void) | undefined;
  disabled?: boolean | undefined;
  /** It is about the user's own objects, which need no right. */
  isOwn?: boolean;
  submit?: boolean;
  children?: ReactNode;
}

/**
 * The button of this page. Every action is also possible without it: next to it the page shows the same call and CLI
 * command. While the action is running the button is disabled. An error is shown in words. A forbidden action is
 * disabled, and the missing right is shown next to it.
 */
export function Action(options: ActionOptions) {
  const missing = useLack(options.call);
  const lack = options.isOwn === true ? undefined : missing;
  const { label, call, command, weight = "plain", disabled = false, submit = false } = options;
  const button = useRef<HTMLButtonElement>(null);
  const work = useMutation({
    mutationFn: async () => (options.perform === undefined ? send(call) : options.perform()),
    onSuccess: (reply) => {
      // A form that found mistakes in itself sends nothing, and gives nothing.
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
