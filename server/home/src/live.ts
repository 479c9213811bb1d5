// A screen's answer, kept up to date: one query, then one stream of what changes (server-sent
// events). Without the stream the query is asked again and again; without a network what was
// seen last stays, with its age.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { HomeUpdatesDocument, type HomeUpdatesSubscription } from "../generated/graphql";
import { address } from "./address";
import { type Answer, type Failure, GRACE_MS, isBehind, isOld, updated } from "./answer";
import { answerTo, type First } from "./first";
import { keep, kept } from "./kept";
import { ids, type Screen } from "./screen";

/** How the screen hears of changes. */
export type Link = "live" | "polling" | "offline";

const AGAIN_MS = { live: 60_000, polling: 15_000, offline: 10_000 }; // ages are news, too
const SOON_MS = GRACE_MS + 500; // what is stale is being read, or is old

export function useAnswer(
  city: string,
  name: string,
  screen: Screen | null, // none yet: there will be an example
  first: First,
  inTime: Answer | null, // to the first
  begin: (example: Screen) => void,
): { answer: Answer | null; link: Link | null } {
  const [answer, setAnswer] = useState(() => inTime ?? kept<Answer>(city, "answer"));
  const [link, setLink] = useState<Link | null>(null);
  const coming = useRef<First | null>(inTime ? null : first);
  const answered = useRef(inTime?.screen); // in this visit
  const key = screen?.join("&");

  useLayoutEffect(() => {
    if (screen?.length === 0) return;
    let over = false;
    let stream: EventSource | null = null;
    let timer = 0;
    let latest = answer;

    const show = (next: Answer) => {
      latest = next;
      answered.current = next.screen;
      setAnswer(next);
    };

    const drop = () => {
      stream?.close();
      stream = null;
    };

    const next = (now: Link) => {
      setLink(now);
      clearTimeout(timer);
      const waiting = Object.values(latest?.sources ?? {}).some(
        (source) => source.staleFrom !== null && !isOld(source, Date.now()),
      );
      timer = window.setTimeout(look, now === "live" && waiting ? SOON_MS : AGAIN_MS[now]);
    };

    const lose = () => {
      drop();
      next("offline");
    };

    const look = async (mayListen: unknown = true) => {
      clearTimeout(timer);
      const asked = coming.current?.screen === screen ? coming.current?.answer : null;
      coming.current = null;
      const found = await (asked ?? answerTo(city, name, screen, () => latest));
      if (over) return;
      const before = screen || found ? null : kept<Screen>(city, "example");
      if (before) return begin(before);
      if (!found) return lose();
      if (!(stream && latest && isBehind(found, latest))) show(found);
      if (screen) void follow(screen, mayListen);
      else begin(found.screen); // and we are back with a screen
    };

    const follow = async (screen: Screen, mayListen: unknown = true) => {
      if (document.hidden) return;
      await painted(); // the tiles come first
      if (over) return;
      keep(city, "answer", latest);
      if (!navigator.onLine) return lose(); // since it was asked
      if (mayListen && !stream && ids(screen).length) stream = listen(screen);
      next(stream || !ids(screen).length ? "live" : "polling");
    };

    const listen = (screen: Screen) => {
      const opened = new EventSource(address(HomeUpdatesDocument, { ids: ids(screen) }));
      opened.addEventListener("next", ({ data }) => {
        const news = JSON.parse(data) as {
          data?: HomeUpdatesSubscription;
          errors?: Failure[];
          extensions?: Record<string, unknown>;
        };
        if (news.data && latest) {
          show(updated(latest, news.data, { errors: news.errors ?? [], extensions: news.extensions }));
          keep(city, "answer", latest);
        }
      });
      const lost = () => {
        if (stream !== opened) return;
        drop();
        void look(false); // is it the stream alone, or the network? A new one comes later.
      };
      opened.addEventListener("error", lost);
      opened.addEventListener("complete", lost);
      return opened;
    };

    const wake = () => {
      if (document.hidden) {
        drop(); // nobody looks
        clearTimeout(timer);
      } else if (navigator.onLine) {
        void look();
      } else {
        lose();
      }
    };

    if (screen && screen === answered.current) void follow(screen);
    else void look();
    addEventListener("online", wake);
    addEventListener("offline", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      over = true;
      drop();
      clearTimeout(timer);
      removeEventListener("online", wake);
      removeEventListener("offline", wake);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [city, key]);

  return { answer, link };
}

const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
