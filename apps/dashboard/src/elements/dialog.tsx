import { type ReactNode, useEffect, useId, useRef } from "react";
import { mayDiscard } from "../effects/unsaved.ts";

/** A dialog over the page. It takes the focus, returns it, and closes with Escape. */
export function Dialog(options: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (options.open && !element.open) element.showModal();
    if (!options.open && element.open) element.close();
  }, [options.open]);
  const close = () => {
    if (mayDiscard(dialog.current ?? undefined)) options.onClose();
  };
  return (
    <dialog
      ref={dialog}
      onCancel={(event) => {
        if (!mayDiscard(event.currentTarget)) event.preventDefault();
      }}
      className={options.wide === true ? "dialog wide" : "dialog"}
      aria-labelledby={title}
      onClose={options.onClose}
    >
      {options.open ? (
        <>
          <header className="dialog-head">
            <h2 id={title}>{options.title}</h2>
            <button type="button" className="close" onClick={close} aria-label="Close">
              ×
            </button>
          </header>
          {options.children}
        </>
      ) : null}
    </dialog>
  );
}
