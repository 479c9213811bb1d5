// The citizens' page. What it shows of which city stands in the page; see ../__init__.py.

import { render } from "preact";

import { App } from "./app";
import { firstAsked } from "./first";
import { kept } from "./kept";
import { language, words } from "./words";

const PATIENCE_MS = 100; // an answer that is here by then is painted with the page, at once
const root = document.getElementById("home") as HTMLElement;
const { city = "", name = "" } = document.documentElement.dataset;

document.documentElement.lang = language;
document.title = words.title(name);

const first = firstAsked(city, name);
const patience = kept(city, "answer") ? 0 : PATIENCE_MS;
const answer = await Promise.race([first.answer, new Promise<null>((done) => setTimeout(done, patience, null))]);
root.replaceChildren();
render(<App slug={city} name={name} first={first} answered={answer} />, root);
