// A screen's answer, kept up to date: one query, then one stream of what changes (server-sent
// events). Without the stream the query is asked again and again; without a network what was
// seen last stays, with its age.

import { useEffect, useState } from "preact/hooks";

import { HomeDocument, HomeUpdatesDocument, type HomeUpdatesSubscription } from "../generated/graphql";
import { type Answer, type Failure, GRACE_MS, isBehind, isOld, updated, whole } from "./answer";
import { address, ask } from "./client";
import { keep, kept } from "./kept";
import { ids, type Screen, variables } from "./screen";

/** How the screen hears of changes. */
export type Link = "live" | "polling" | "offline";

const AGAIN_MS = { live: 60_000, polling: 15_000, offline: 10_000 }; // ages are news, too
const SOON_MS = GRACE_MS + 500; // what is stale is being read, or is old

export function useAnswer(city: string, screen: Screen): { answer: Answer | null; link: Link | null } {
  const [answer, setAnswer] = useState(() => kept<Answer>(city, "answer"));
  const [link, setLink] = useState<Link | null>(null);
  const key = screen.join("&");

  useEffect(() => {
    if (!screen.length) return;
    let over = false;
    let stream: EventSource | null = null;
    let timer = 0;
    let latest = answer;

    const show = (next: Answer) => {
      latest = next;
      keep(city, "answer", next);
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
      const fresh = latest !== null; // a kept one may be older than what the stream has told
      const { data, error, extensions } = await ask(HomeDocument, variables(city, screen), { fresh });
      if (over) return;
      if (!data) return lose();
      const told = { errors: error?.graphQLErrors ?? [], extensions };
      if (!(stream && latest && isBehind(told, latest))) show(whole(screen, data, told, latest));
      if (document.hidden) return;
      if (!navigator.onLine) return lose(); // since it was asked
      if (mayListen && !stream && ids(screen).length) stream = listen();
      next(stream || !ids(screen).length ? "live" : "polling");
    };

    const listen = () => {
      const opened = new EventSource(address(HomeUpdatesDocument, { ids: ids(screen) }));
      opened.addEventListener("next", ({ data }) => {
        const news = JSON.parse(data) as {
          data?: HomeUpdatesSubscription;
          errors?: Failure[];
          extensions?: Record<string, unknown>;
        };
        if (news.data && latest) {
          show(updated(latest, news.data, { errors: news.errors ?? [], extensions: news.extensions }));
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

    void look();
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
