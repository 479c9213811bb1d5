// Words: French first, and English; the browser chooses. Numbers, days and times by Intl, in the
// city's own time.

const { timezone = "Europe/Paris" } = document.documentElement.dataset;

export const language: "fr" | "en" =
  navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === "fr" || tag === "en") === "en"
    ? "en"
    : "fr";

/** French has spaces before these marks, narrow but for the colon's; none of them breaks. */
const say = (fr: string, en: string) =>
  language === "fr" ? fr.replace(/ (?=[;?!])/g, "\u202f").replace(/ (?=:)/g, "\u00a0") : en;

const rules = new Intl.PluralRules(language); // nought is singular in French
const plural = (count: number, one: string, other: string) =>
  rules.select(count) === "one" ? one : other;

export const number = (value: number) => value.toLocaleString(language);

const formatter = (options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat(say("fr-FR", "en-GB"), { timeZone: timezone, ...options });
  return (instant: string | number | Date) => format.format(new Date(instant));
};

/** 14:05 */
export const clock = formatter({ hour: "2-digit", minute: "2-digit" });
/** mardi 24 novembre; of a day without an hour, as the source gives it: 2026-11-24 */
const longDay = formatter({ weekday: "long", day: "numeric", month: "long" });
const isoDay = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });

/** Aujourd’hui, demain, mardi 24 novembre. */
export function day(instant: string, now: number): string {
  const which = instant.length > 10 ? isoDay.format(new Date(instant)) : instant;
  if (which === isoDay.format(now)) return say("aujourd’hui", "today");
  if (which === isoDay.format(now + 86_400_000)) return say("demain", "tomorrow");
  return longDay(`${which}T12:00:00Z`).replace(/(?<=\s)1 /, say("1er ", "1 "));
}

export const today = (now: number) => isoDay.format(now);

/** 14:05; with the day if that is not today’s. */
export function moment(instant: string, now: number): string {
  const when = day(instant, now);
  return when === day(new Date(now).toISOString(), now)
    ? clock(instant)
    : say(`${when} à ${clock(instant)}`, `${when} at ${clock(instant)}`);
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });

/** il y a 3 minutes; what is younger than a minute is of now. */
export function age(instant: string | number, now: number): string {
  const minutes = Math.floor((now - new Date(instant).getTime()) / 60_000);
  if (minutes < 1) return say("à l’instant", "just now");
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 2_880) return relative.format(-Math.floor(minutes / 60), "hour");
  return relative.format(-Math.floor(minutes / 1_440), "day");
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export const words = {
  title: (city: string) => say(`${city} dans ma poche`, `${city} in my pocket`),
  add: say("Ajouter", "Add"),
  arrange: say("Organiser", "Arrange"),
  done: say("Terminer", "Done"),
  share: say("Partager", "Share"),
  close: say("Fermer", "Close"),
  remove: (name: string) => say(`Retirer ${name}`, `Remove ${name}`),
  removed: (name: string) => say(`${name} est retiré.`, `${name} is removed.`),
  move: (name: string) => say(`Déplacer ${name}`, `Move ${name}`),
  moveHow: say("Avec les flèches du clavier, ou en glissant.", "With the arrow keys, or by dragging."),
  place: (name: string, at: number, of: number) =>
    say(`${name} : place ${at} sur ${of}.`, `${name}: place ${at} of ${of}.`),
  added: (name: string) => say(`${name} est ajouté.`, `${name} is added.`),
  isThere: say("Déjà là", "Already there"),
  of: (what: string, name: string) => say(`${what} : ${name}`, `${what}: ${name}`),
  tiles: say("Mes tuiles", "My tiles"),
  loading: say("Chargement…", "Loading…"),
  example: say(
    "Voici un exemple. Ajoutez vos lieux, retirez ceux-ci : votre écran reste dans ce navigateur.",
    "This is an example. Add your places, remove these: your screen stays in this browser.",
  ),
  empty: say("Rien n’est encore épinglé.", "Nothing is pinned yet."),
  sharedScreen: say("On vous a partagé cet écran.", "Somebody shared this screen with you."),
  keepIt: say("Le garder", "Keep it"),
  backToMine: say("Revenir au mien", "Back to mine"),
  link: say("Le lien de cet écran", "The link to this screen"),
  copy: say("Copier", "Copy"),
  copied: say("Le lien est copié.", "The link is copied."),
  shareHow: say(
    "Qui ouvre ce lien voit les mêmes tuiles. Une adresse épinglée y figure.",
    "Whoever opens this link sees the same tiles. A pinned address is part of it.",
  ),
  developers: say("Pour les développeurs", "For developers"),
  otherCities: say("Autres villes", "Other cities"),
  links: {
    live: say("En direct", "Live"),
    polling: say("Connexion directe perdue : relu toutes les 15\u00a0s", "Live link lost: read again each 15\u00a0s"),
    offline: (since: string) =>
      say(`Hors ligne : dernier écran connu, ${since}`, `Offline: last known screen, ${since}`),
  },
  offline: say("Hors ligne : voici le dernier écran connu.", "Offline: this is the last known screen."),
  back: say("La connexion est revenue.", "The connection is back."),

  // sources
  source: (several: number) => say(plural(several, "Source", "Sources"), plural(several, "Source", "Sources")),
  stale: (since: string) => say(`données anciennes, ${since}`, `old data, ${since}`),
  silent: (since: string | null) =>
    since ? say(`ne répond plus depuis ${since}`, `not answering since ${since}`) : say("ne répond pas", "not answering"),
  missing: (source: string, since: string | null) =>
    `${source} ${words.silent(since)}.`,
  aSource: say("Une source", "A source"),
  gone: say("Ce lieu n’existe plus dans les données de la ville.", "The city’s data has this no more."),
  notOffered: say("La ville ne publie pas cela.", "The city does not publish this."),

  // tiles
  departures: say("Prochains départs", "Next departures"),
  none: say("Aucun départ annoncé.", "No departures announced."),
  towards: (where: string) => say(`vers ${where}`, `to ${where}`),
  platform: (code: string) => say(`quai ${code}`, `platform ${code}`),
  inMinutes: (minutes: number) => `${minutes}\u00a0min`,
  minutesAloud: (minutes: number) =>
    say(`dans ${minutes} ${plural(minutes, "minute", "minutes")}`, `in ${minutes} ${plural(minutes, "minute", "minutes")}`),
  close_: say("proche", "due"),
  atStop: say("à quai", "at stop"),
  planned: say("horaire prévu", "as planned"),
  realtime: say("temps réel", "real time"),
  stepFree: say("Accessible en fauteuil", "Wheelchair accessible"),
  notStepFree: say("Non accessible en fauteuil", "Not wheelchair accessible"),
  open: (until: string | null) =>
    until ? say(`Ouvert jusqu’à ${until}`, `Open until ${until}`) : say("Ouvert", "Open"),
  closed: (until: string | null) =>
    until ? say(`Fermé, ouvre ${until}`, `Closed, opens ${until}`) : say("Fermé", "Closed"),
  hoursToday: say("Aujourd’hui", "Today"),
  closedToday: say("Fermé toute la journée", "Closed all day"),
  hoursUnknown: say("Horaires non publiés", "Hours not published"),
  people: (current: number, capacity: number | null) =>
    capacity
      ? say(
          `${number(current)} ${plural(current, "personne", "personnes")} pour ${number(capacity)} ${plural(capacity, "place", "places")}`,
          `${number(current)} ${plural(current, "person", "people")} of ${number(capacity)}`,
        )
      : say(`${number(current)} ${plural(current, "personne", "personnes")}`, `${number(current)} ${plural(current, "person", "people")}`),
  menuOf: (when: string) => say(`Menu, ${when}`, `Menu, ${when}`),
  noMenu: say("Pas de menu publié pour cette semaine.", "No menu published for this week."),
  week: say("Les jours suivants", "The days after"),
  bikes: (count: number) => plural(count, say("vélo", "bike"), say("vélos", "bikes")),
  spaces: (count: number) => plural(count, say("place libre", "free dock"), say("places libres", "free docks")),
  outOfService: say("Hors service", "Out of service"),
  notLately: say("Ne donne plus de nouvelles", "Has not reported lately"),
  carSpaces: (count: number, of: number | null) =>
    (of
      ? say(`${plural(count, "place", "places")} sur ${number(of)}`, `${plural(count, "space", "spaces")} of ${number(of)}`)
      : say(plural(count, "place", "places"), plural(count, "space", "spaces"))),
  notCounted: say("Places non comptées", "Spaces not counted"),
  wheelchairSpaces: (count: number) =>
    say(`dont ${number(count)} PMR`, `${number(count)} for disabled people`),
  parking: {
    OPEN: say("Ouvert", "Open"),
    FULL: say("Complet", "Full"),
    CLOSED: say("Fermé", "Closed"),
    SUBSCRIBERS_ONLY: say("Abonnés seulement", "Subscribers only"),
    UNKNOWN: say("État inconnu", "State unknown"),
  },
  line: (name: string) => say(`Ligne ${name}`, `Line ${name}`),
  disturbed: say("Perturbé", "Disturbed"),
  calm: say("Aucune perturbation annoncée.", "No disruption announced."),
  from: (when: string) => say(`à partir de ${when}`, `from ${when}`),
  until: (when: string) => say(`jusqu’à ${when}`, `until ${when}`),
  air: (where: string | null) => say(where ? `Air à ${where}` : "Qualité de l’air", where ? `Air in ${where}` : "Air quality"),
  airIndex: {
    GOOD: say("Bon", "Good"),
    MODERATE: say("Moyen", "Moderate"),
    DEGRADED: say("Dégradé", "Degraded"),
    POOR: say("Mauvais", "Poor"),
    VERY_POOR: say("Très mauvais", "Very poor"),
    EXTREMELY_POOR: say("Extrêmement mauvais", "Extremely poor"),
    EVENT: say("Évènement", "Event"),
  },
  pollen: (where: string | null) => say(where ? `Pollens à ${where}` : "Pollens", where ? `Pollen in ${where}` : "Pollen"),
  pollenAlert: say("Alerte aux pollens", "Pollen alert"),
  pollenIndex: {
    VERY_LOW: say("Très faible", "Very low"),
    LOW: say("Faible", "Low"),
    MODERATE: say("Modéré", "Moderate"),
    HIGH: say("Élevé", "High"),
    VERY_HIGH: say("Très élevé", "Very high"),
    EXTREMELY_HIGH: say("Extrêmement élevé", "Extremely high"),
  },
  taxon: {
    RAGWEED: say("Ambroisie", "Ragweed"),
    MUGWORT: say("Armoise", "Mugwort"),
    ALDER: say("Aulne", "Alder"),
    BIRCH: say("Bouleau", "Birch"),
    GRASSES: say("Graminées", "Grasses"),
    OLIVE: say("Olivier", "Olive"),
  },
  fineParticles: say("PM2,5", "PM2.5"),
  noAir: say("Indice non disponible.", "Index not available."),
  events: say("À l’agenda", "What’s on"),
  noEvents: say("Rien à l’agenda cette semaine.", "Nothing on this week."),
  waste: say("Collecte des déchets", "Waste collection"),
  wasteStream: {
    HOUSEHOLD: say("Ordures ménagères", "Household waste"),
    RECYCLING: say("Emballages et papiers", "Recycling"),
    GLASS: say("Verre", "Glass"),
    GARDEN: say("Déchets verts", "Garden waste"),
    FOOD: say("Déchets alimentaires", "Food waste"),
    BULKY: say("Encombrants", "Bulky waste"),
  },
  dropOff: say("en point d’apport", "at a drop-off point"),
  perhaps: say("selon le numéro", "depends on the number"),
  holiday: (name: string) => say(`férié : ${name}`, `public holiday: ${name}`),
  noWaste: say("La ville ne dit rien de cette adresse.", "The city says nothing of this address."),

  // adding
  addTitle: say("Ajouter une tuile", "Add a tile"),
  search: say("Chercher un arrêt, une ligne, une piscine, une école…", "Search a stop, a line, a pool, a school…"),
  aroundMe: say("Autour de moi", "Around me"),
  aroundWhy: say("Votre position sert une fois, et n’est pas conservée.", "Your position is used once, and is not kept."),
  noPosition: say("Le navigateur ne donne pas la position.", "The browser does not tell the position."),
  byKind: say("Par genre", "By kind"),
  forCity: say("Pour toute la ville", "For the whole city"),
  wasteAt: say("Jours de collecte à une adresse", "Collection days of an address"),
  address: say("Votre adresse", "Your address"),
  results: (count: number) =>
    count ? say(`${count} ${plural(count, "résultat", "résultats")}`, `${count} ${plural(count, "result", "results")}`) : say("Rien trouvé.", "Nothing found."),
  failed: say("La recherche n’a pas abouti. Réessayez.", "The search failed. Try again."),
  notSearched: (names: string) => say(`Sans réponse : ${names}.`, `No answer from: ${names}.`),
  directions: say("Choisir une direction", "Choose a direction"),
  metres: (distance: number) => (distance < 950 ? `${Math.round(distance / 10) * 10}\u00a0m` : `${number(Math.round(distance / 100) / 10)}\u00a0km`),
  kinds: {
    route: say("Ligne", "Line"),
    commune: say("Commune : air", "Commune: air"),
  } as Record<string, string>,
};
