// Sharing: a link with the tiles behind its #, which no server is sent.

import { useRef } from "preact/hooks";

import { Dialog } from "./dialog";
import { words } from "./words";

interface Props {
  url: string;
  said: string;
  announce: (text: string) => void;
  close: () => void;
}

export function Share({ url, said, announce, close }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select(); // to be copied by hand where the browser will not
    await navigator.clipboard?.writeText(url);
    announce(words.copied);
    close();
  };
  return (
    <Dialog title={words.share} said={said} close={close}>
      <p>{words.shareHow}</p>
      <label for="link">{words.link}</label>
      <div class="row">
        <input id="link" ref={field} readOnly value={url} />
        <button type="button" onClick={() => void copy().catch(() => undefined)}>{words.copy}</button>
      </div>
    </Dialog>
  );
}
