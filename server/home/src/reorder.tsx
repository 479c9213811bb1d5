// Reordering: a handle that is dragged with a mouse or a finger, or moved with the arrow keys.

import { useEffect, useRef } from "preact/hooks";

import { Icon } from "./icons";
import { words } from "./words";

interface Props {
  name: string;
  at: number;
  move: (to: number) => void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function Handle({ name, at, move }: Props) {
  const latest = useRef({ at, move });
  latest.current = { at, move };
  const drag = useRef<AbortController>(null);
  useEffect(() => () => drag.current?.abort(), []);

  // To the window's events: the handle itself goes to another place while it is dragged.
  const begin = () => {
    drag.current?.abort();
    const { signal } = (drag.current = new AbortController());
    addEventListener("pointermove", (event) => follow(event, latest.current), { signal });
    addEventListener("pointerup", () => drag.current?.abort(), { signal });
    addEventListener("pointercancel", () => drag.current?.abort(), { signal });
  };

  return (
    <button
      type="button"
      class="handle"
      aria-label={words.move(name)}
      title={words.moveHow}
      onPointerDown={begin}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (step === undefined) return;
        event.preventDefault();
        move(at + step);
      }}
    >
      <Icon name="handle" />
    </button>
  );
}

/** Moves the tile to where the pointer is, as soon as it is there. */
function follow({ clientX, clientY }: PointerEvent, { at, move }: Pick<Props, "at" | "move">) {
  const under = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-at]");
  const to = Number(under?.dataset["at"] ?? at);
  if (to !== at) move(to);
}
