// The page: a screen of tiles, what is done with them, and how it hears of changes.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { CityDocument, type CityQuery, StarterDocument } from "../generated/graphql";
import { Add } from "./add";
import { ask } from "./client";
import { Icon } from "./icons";
import { keep, kept } from "./kept";
import { type Link, useAnswer } from "./live";
import { keepPage } from "./offline";
import { Handle } from "./reorder";
import { link, moved, pinned, type Screen, shared } from "./screen";
import { Share } from "./share";
import { heading, Tile } from "./tile";
import { age, words } from "./words";

type Origin = "mine" | "shared" | "example";

export function App({ slug, name }: { slug: string; name: string }) {
  const [{ screen, origin }, setScreen] = useState(() => first(slug));
  const { answer, link: connection } = useAnswer(slug, screen ?? NOTHING);
  const city = useCity(slug, answer !== null);
  const now = useNow();
  const [arranging, setArranging] = useState(false);
  const [said, announce] = useState("");
  const [open, setOpen] = useState<"add" | "share" | null>(null);
  const shownFor = useMemo(() => (answer && answer.screen.some((t) => screen?.includes(t)) ? answer : null), [answer, screen]);

  const change = (next: Screen) => {
    keep(slug, "screen", next);
    if (location.hash) history.replaceState(null, "", location.pathname);
    setScreen({ screen: next, origin: "mine" });
  };

  useEffect(() => {
    const again = () => setScreen(first(slug));
    addEventListener("hashchange", again);
    return () => removeEventListener("hashchange", again);
  }, [slug]);

  useEffect(() => {
    if (screen !== null) return;
    void example(slug, name).then((found) => setScreen({ screen: found, origin: "example" }));
  }, [screen, slug, name]);

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
          <button type="button" onClick={() => setOpen("add")}>
            <Icon name="plus" /> {words.add}
          </button>
          <button type="button" aria-pressed={arranging} onClick={() => setArranging(!arranging)}>
            <Icon name="arrange" /> {arranging ? words.done : words.arrange}
          </button>
          <button type="button" onClick={() => setOpen("share")}>
            <Icon name="share" /> {words.share}
          </button>
        </div>
        {origin === "example" && <p class="hint">{tiles.length ? words.example : words.empty}</p>}
        {origin === "shared" && (
          <p class="hint">
            {words.sharedScreen}
            <button type="button" onClick={() => change(tiles)}>{words.keepIt}</button>
            <a href={location.pathname} onClick={(event) => {
              event.preventDefault();
              history.replaceState(null, "", location.pathname);
              setScreen(first(slug));
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
      <p class="aloud" role="status">{said}</p>
      {open === "add" && (
        <Add
          slug={slug}
          city={city}
          screen={tiles}
          pin={(tile, title) => {
            change(pinned(tiles, tile));
            announce(words.added(title));
          }}
          close={() => setOpen(null)}
        />
      )}
      {open === "share" && <Share url={link(tiles)} announce={announce} close={() => setOpen(null)} />}
    </>
  );
}

const NOTHING: Screen = [];

/** The screen of a link, else one's own, else none yet. */
function first(slug: string): { screen: Screen | null; origin: Origin } {
  const given = shared(location.hash);
  if (given) return { screen: given, origin: "shared" };
  return { screen: kept<Screen>(slug, "screen"), origin: "mine" };
}

/** One thing of each kind that the city has. */
async function example(slug: string, name: string): Promise<Screen> {
  const { data } = await ask(StarterDocument, { city: slug });
  const air = data?.air?.find(({ communeName }) => communeName === name) ?? data?.air?.[0];
  const found = [
    data?.search?.nodes[0]?.node.id,
    data?.bikes?.nodes[0]?.id,
    data?.pools?.nodes[0]?.id,
    data?.schools?.nodes[0]?.id,
    data?.parkings?.nodes[0]?.id,
    air && `air:${air.insee}`,
    data?.events?.nodes.length ? "events:" : undefined,
  ];
  return found.filter((tile) => tile !== undefined);
}

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
