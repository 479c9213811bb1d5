// Adding a tile: by a name, around somebody, by its kind, or of the whole city.

import { useEffect, useRef, useState } from "preact/hooks";

import {
  AddressesDocument,
  AroundDocument,
  BrowseDocument,
  type CityQuery,
  SearchDocument,
} from "../generated/graphql";
import { ask } from "./client";
import { Dialog } from "./dialog";
import { Directions } from "./directions";
import { Icon } from "./icons";
import type { Screen } from "./screen";
import { words } from "./words";

interface Props {
  slug: string;
  city: CityQuery | null;
  screen: Screen;
  said: string;
  pin: (tile: string, title: string) => void;
  close: () => void;
}

/** Something that can be pinned. */
interface Offer {
  tile: string;
  title: string;
  about: string;
  directions?: string; // the stop that has them
}

interface Found {
  offers: Offer[];
  missing: string[];
}

const TYPED_MS = 200; // a pause in typing

export function Add({ slug, city, screen, said, pin, close }: Props) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found | "failed" | "nowhere" | null>(null);
  const asked = useRef(0);

  const offers = (service: string) => city?.city?.services?.some(({ name }) => name === service);
  const kinds = city?.city?.kinds ?? [];
  const communes = city?.city?.communes ?? [];
  const commune = communes.find(({ name }) => name === city?.city?.name) ?? communes[0];
  const label = (kind: string) =>
    words.kinds[kind] ?? kinds.find(({ word }) => word === kind)?.label ?? kind;

  /** Shows what was asked last, whatever comes back first. */
  const look = async (answered: Promise<Found | null>) => {
    const turn = ++asked.current;
    const answer = (await answered) ?? "failed";
    if (turn === asked.current) setFound(answer);
  };

  useEffect(() => {
    const wanted = text.trim();
    if (!wanted) return;
    const timer = setTimeout(() => void look(search(slug, wanted, label)), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const around = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => void look(near(slug, coords, label)),
      () => setFound("nowhere"),
    );

  return (
    <Dialog title={words.addTitle} said={said} close={close}>
      <label for="search">{words.search}</label>
      <input
        id="search"
        type="search"
        autocomplete="off"
        maxLength={100}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div class="row">
        <button type="button" onClick={around} aria-describedby="around-why">{words.aroundMe}</button>
        <label class="kinds">
          {words.byKind}
          <select
            onChange={({ currentTarget }) => {
              const kind = currentTarget.value;
              if (kind) void look(browse(slug, kind, label(kind)));
            }}
          >
            <option value="">…</option>
            {kinds.map(({ word, label }) => <option key={word} value={word}>{label}</option>)}
          </select>
        </label>
      </div>
      <p id="around-why" class="quiet">{words.aroundWhy}</p>
      <p role="status" class="count">
        {found === "failed" ? words.failed
          : found === "nowhere" ? words.noPosition
          : found ? words.results(found.offers.length) : ""}
        {found && typeof found !== "string" && found.missing.length > 0 &&
          ` ${words.notSearched(found.missing.join(", "))}`}
      </p>
      {found && typeof found !== "string" && (
        <Offers offers={found.offers} screen={screen} pin={pin} />
      )}
      <h3>{words.forCity}</h3>
      <Offers
        offers={[
          ...(offers("air") && commune ? [{ tile: `air:${commune.insee}`, title: words.air(commune.name), about: "" }] : []),
          ...(offers("pollen") && commune
            ? [{ tile: `pollen:${commune.insee}`, title: words.pollen(commune.name), about: "" }]
            : []),
          ...(offers("events") ? [{ tile: "events:", title: words.events, about: "" }] : []),
        ]}
        screen={screen}
        pin={pin}
      />
      {offers("waste") && <Waste slug={slug} screen={screen} pin={pin} />}
    </Dialog>
  );
}

type Pinning = Pick<Props, "screen" | "pin">;

function Offers({ offers, screen, pin }: Pinning & { offers: Offer[] }) {
  return (
    <ul class="offers">
      {offers.map((offer) => (
        <li key={offer.tile}>
          <div class="offer">
            <span>
              <span class="strong" lang="fr">{offer.title}</span> <span class="quiet">{offer.about}</span>
            </span>
            <Pin tile={offer.tile} title={offer.title} screen={screen} pin={pin} />
          </div>
          {offer.directions && (
            <Directions stop={offer.directions}>
              {(tile, about) => (
                <Pin tile={tile} title={`${offer.title} ${about}`} screen={screen} pin={pin} />
              )}
            </Directions>
          )}
        </li>
      ))}
    </ul>
  );
}

function Pin({ tile, title, screen, pin }: Pinning & { tile: string; title: string }) {
  const there = screen.includes(tile);
  return (
    <button
      type="button"
      aria-label={words.of(there ? words.isThere : words.add, title)}
      aria-disabled={there}
      onClick={() => there || pin(tile, title)}
    >
      {there ? words.isThere : <><Icon name="plus" /> {words.add}</>}
    </button>
  );
}

function Waste({ slug, screen, pin }: Pinning & { slug: string }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<string[]>([]);
  useEffect(() => {
    if (text.trim().length < 4) return;
    const timer = setTimeout(async () => {
      const { data } = await ask(AddressesDocument, { city: slug, text: text.trim() }, { discreet: true });
      setFound(data?.addresses?.map(({ label }) => label) ?? []);
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <details>
      <summary>{words.wasteAt}</summary>
      <label for="address">{words.address}</label>
      <input
        id="address"
        type="search"
        autocomplete="street-address"
        maxLength={100}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Offers
        offers={found.map((label) => ({ tile: `waste:${label}`, title: label, about: words.waste }))}
        screen={screen}
        pin={pin}
      />
    </details>
  );
}

type Label = (kind: string) => string;

async function search(city: string, text: string, label: Label): Promise<Found | null> {
  const { data } = await ask(SearchDocument, { city, text });
  if (!data?.search) return null;
  const offers = data.search.nodes.map(({ kind, name, subtitle, node }): Offer => {
    const about = [label(kind), subtitle].filter(Boolean).join(" · ");
    if (node.__typename === "Commune") return { tile: `air:${node.insee}`, title: name, about };
    return stop(node, { tile: node.id, title: name, about });
  });
  return { offers, missing: data.search.missing.map(({ name }) => name) };
}

async function near(city: string, { latitude: lat, longitude: lon }: GeolocationCoordinates, label: Label) {
  const { data } = await ask(AroundDocument, { city, lat, lon }, { discreet: true });
  if (!data?.nearest) return null;
  const offers = data.nearest.nodes.map(({ distance, place }) =>
    stop(place, {
      tile: place.id,
      title: place.name,
      about: [label(place.kind), words.metres(distance)].join(" · "),
    }),
  );
  return { offers, missing: data.nearest.missing.map(({ name }) => name) };
}

async function browse(city: string, kind: string, label: string): Promise<Found | null> {
  const { data } = await ask(BrowseDocument, { city, kind });
  if (!data?.places) return null;
  const offers = data.places.nodes.map((place) => {
    const where = [place.address?.street, place.address?.city].filter(Boolean).join(", ");
    return stop(place, { tile: place.id, title: place.name, about: where || label });
  });
  return { offers, missing: data.places.missing.map(({ name }) => name) };
}

const stop = (node: { __typename: string; id: string }, offer: Offer): Offer =>
  node.__typename === "Stop" ? { ...offer, directions: node.id } : offer;
