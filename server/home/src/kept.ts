// What this browser keeps for one city. Where it keeps nothing (private windows, full disks),
// the page works all the same.

export function kept<T>(city: string, what: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(`poche:${city}:${what}`) ?? "null") as T | null;
  } catch {
    return null;
  }
}

export function keep(city: string, what: string, value: unknown): void {
  try {
    localStorage.setItem(`poche:${city}:${what}`, JSON.stringify(value));
  } catch {
    // there is no room: nothing is kept
  }
}
