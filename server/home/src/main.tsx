// The citizens' page. What it shows of which city stands in the page; see ../__init__.py.

import { render } from "preact";

import { App } from "./app";
import { language, words } from "./words";

const root = document.getElementById("home") as HTMLElement;
const { city = "", name = "" } = root.dataset;

document.documentElement.lang = language;
document.title = words.title(name);
root.replaceChildren();
render(<App slug={city} name={name} />, root);
