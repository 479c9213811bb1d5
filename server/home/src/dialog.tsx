// A dialog, by the browser's own: it holds the focus, and Escape closes it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "./icons";
import { words } from "./words";

interface Props {
  title: string;
  said: string; // here, since what is under a dialog is not read aloud
  close: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, said, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => (before instanceof HTMLElement ? before.focus() : undefined);
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="dialog-title">
      <header>
        <h2 id="dialog-title">{title}</h2>
        <button type="button" aria-label={words.close} onClick={() => dialog.current?.close()}>
          <Icon name="cross" />
        </button>
      </header>
      {children}
      <p class="aloud" role="status">{said}</p>
    </dialog>
  );
}
