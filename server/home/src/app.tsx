// The page: a screen of tiles, what is done with them, and how it hears of changes.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { CityDocument, type CityQuery } from "../generated/graphql";
import { Add } from "./add";
import type { Answer } from "./answer";
import { ask } from "./client";
import type { First } from "./first";
import { Icon } from "./icons";
import { keep, kept } from "./kept";
import { type Link, useAnswer } from "./live";
import { keepPage } from "./offline";
import { Handle } from "./reorder";
import { link, moved, type Opening, opening, pinned, type Screen } from "./screen";
import { Share } from "./share";
import { heading, Tile } from "./tile";
import { age, words } from "./words";

interface Props {
  slug: string;
  name: string;
  first: First;
  answered: Answer | null; // to the first, if it was here in time
}

export function App({ slug, name, first, answered }: Props) {
  const [{ screen, origin }, setScreen] = useState<Opening>({
    screen: first.screen ?? answered?.screen ?? null,
    origin: first.origin,
  });
  const { answer, link: connection } = useAnswer(slug, name, screen, first, answered, (example) =>
    setScreen({ screen: example, origin: "example" }),
  );
  const city = useCity(slug, answer !== null);
  const now = useNow();
  const [arranging, setArranging] = useState(false);
  const [said, announce] = useState("");
  const [open, setOpen] = useState<"add" | "share" | null>(null);
  const shownFor = useMemo(() => (answer && answer.screen.some((t) => screen?.includes(t)) ? answer : null), [answer, screen]);

  const show = (dialog: "add" | "share") => {
    announce("");
    setOpen(dialog);
  };
  const change = (next: Screen) => {
    keep(slug, "screen", next);
    if (location.hash) history.replaceState(null, "", location.pathname);
    setScreen({ screen: next, origin: "mine" });
  };

  // At once: who is sent on while the tiles are being painted would be told of nothing.
  useLayoutEffect(() => {
    const again = () => setScreen(opening(slug));
    addEventListener("hashchange", again);
    return () => removeEventListener("hashchange", again);
  }, [slug]);

  useEffect(() => {
    if (origin === "example" && screen) keep(slug, "example", screen); // for when there is no network
  }, [slug, origin, screen]);

  const ready = answer !== null;
  useEffect(() => {
    if (ready) void keepPage();
  }, [ready]);

  useSaid(connection, announce);

  const tiles = screen ?? NOTHING;
  const called = (tile: string) => heading(tile, shownFor, city).title;
  const waiting = screen === null || (tiles.length > 0 && shownFor === null && connection !== "offline");

  return (
    <>
      <header class="top">
        <div class="title">
          <img src="/favicon.svg" alt="" width="48" height="48" />
          <div>
            <h1>{words.title(name)}</h1>
            <p class={`link ${connection ?? ""}`}>
              {connection === "offline"
                ? words.links.offline(age(answer?.at ?? now, now))
                : connection && words.links[connection]}
            </p>
          </div>
        </div>
        <div class="actions">
          <button type="button" onClick={() => show("add")}>
            <Icon name="plus" /> {words.add}
          </button>
          <button type="button" aria-pressed={arranging} onClick={() => setArranging(!arranging)}>
            <Icon name="arrange" /> {arranging ? words.done : words.arrange}
          </button>
          <button type="button" onClick={() => show("share")}>
            <Icon name="share" /> {words.share}
          </button>
        </div>
        {origin === "example" && (
          <p class="hint">{screen?.length === 0 ? words.empty : words.example}</p>
        )}
        {origin === "shared" && (
          <p class="hint">
            {words.sharedScreen}
            <button type="button" onClick={() => change(tiles)}>{words.keepIt}</button>
            <a href={location.pathname} onClick={(event) => {
              event.preventDefault();
              history.replaceState(null, "", location.pathname);
              setScreen(opening(slug));
            }}>{words.backToMine}</a>
          </p>
        )}
        {origin === "mine" && !tiles.length && <p class="hint">{words.empty}</p>}
      </header>
      <main>
        {waiting ? (
          <p class="waiting">{words.loading}</p>
        ) : (
          <ul class="tiles" aria-label={words.tiles}>
            {tiles.map((tile, at) => (
              <li key={tile} class="tile" data-at={at}>
                <article aria-labelledby={`tile-${at}`}>
                  <Tile id={`tile-${at}`} tile={tile} answer={shownFor} city={city} slug={slug} now={now} />
                </article>
                {arranging && (
                  <div class="tools">
                    <Handle
                      name={called(tile)}
                      at={at}
                      move={(to) => {
                        const next = moved(tiles, tile, to);
                        if (next === tiles) return;
                        change(next);
                        announce(words.place(called(tile), to + 1, tiles.length));
                      }}
                    />
                    <button
                      type="button"
                      aria-label={words.remove(called(tile))}
                      onClick={() => {
                        change(tiles.filter((one) => one !== tile));
                        announce(words.removed(called(tile)));
                      }}
                    >
                      <Icon name="cross" />
                    </button>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </main>
      <footer class="bottom">
        <p><a href="/developers" lang="en" hreflang="en">{words.developers}</a></p>
        <p>
          {words.otherCities}{" "}
          {city?.cities?.filter((one) => one.slug !== slug).map((one) => (
            <a key={one.slug} href={`/${one.slug}`}>{one.name}</a>
          ))}
        </p>
      </footer>
      <p class="aloud" role="status">{open ? "" : said}</p>
      {open === "add" && (
        <Add
          slug={slug}
          city={city}
          screen={tiles}
          said={said}
          pin={(tile, title) => {
            change(pinned(tiles, tile));
            announce(words.added(title));
          }}
          close={() => {
            announce(""); // it has been said
            setOpen(null);
          }}
        />
      )}
      {open === "share" && <Share url={link(tiles)} said={said} announce={announce} close={() => setOpen(null)} />}
    </>
  );
}

const NOTHING: Screen = [];

/** What the city offers: it can wait until the tiles are there. */
function useCity(slug: string, soon: boolean): CityQuery | null {
  const [city, setCity] = useState(() => kept<CityQuery>(slug, "city"));
  useEffect(() => {
    if (!soon) return;
    void ask(CityDocument, { city: slug }).then(({ data }) => {
      if (!data) return;
      keep(slug, "city", data);
      setCity(data);
    });
  }, [slug, soon]);
  return city;
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(ticking);
  }, []);
  return now;
}

/** Says when the connection goes and comes back, and nothing else of it. */
function useSaid(connection: Link | null, announce: (text: string) => void) {
  const before = useRef<Link | null>(null);
  useEffect(() => {
    const was = before.current;
    before.current = connection;
    if (was === null || connection === null || was === connection) return;
    announce({ live: words.back, polling: words.links.polling, offline: words.offline }[connection]);
  }, [connection]);
}
